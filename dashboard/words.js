/** How times, durations, numbers and statuses are said. */
import { html } from "./vendor/lit-html/lit-html.js";

export const STATUSES = {
  PENDING: "Pending",
  IN_PROGRESS: "In progress",
  COMPLETED: "Completed",
  FAILED: "Failed",
  ABANDONING: "Being abandoned",
  ABANDONED: "Abandoned",
};
export const UNDER_WAY = ["PENDING", "IN_PROGRESS", "ABANDONING"];
export const STEP_STATUSES = { PENDING: "Not begun", RUNNING: "Running", DONE: "Done", FAILED: "Failed" };
export const EMAIL_STATUSES = {
  SENT: "Sent",
  DELAYED: "Delayed",
  DELIVERED: "Delivered",
  BOUNCED: "Bounced",
  REJECTED: "Rejected",
  COMPLAINED: "Complained of",
};
export const TIERS = ["pool", "bridge", "silo"];

const MARKS = {
  PENDING: "○",
  IN_PROGRESS: "◐",
  RUNNING: "◐",
  COMPLETED: "✓",
  DONE: "✓",
  FAILED: "✕",
  ABANDONING: "◐",
  ABANDONED: "–",
  SENT: "◐",
  DELAYED: "◐",
  DELIVERED: "✓",
  BOUNCED: "✕",
  REJECTED: "✕",
  COMPLAINED: "✕",
};
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_OF_A_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const HOUR = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** A status by mark and word, so that it needs no colour. */
export function badge(status, word = STATUSES[status] ?? status) {
  return html`<span class="badge" data-status=${status}><span aria-hidden="true">${MARKS[status]}</span> ${word}</span>`;
}

/** A moment in the reader's own time, with the day unless that is today, and the year unless it is this; UTC on hover. */
export function time(moment) {
  if (!moment) return "–";
  const when = new Date(moment);
  if (Number.isNaN(when.getTime())) return moment;
  const now = new Date();
  const isToday = when.toDateString() === now.toDateString();
  const day = when.getFullYear() === now.getFullYear() ? DAY : DAY_OF_A_YEAR;
  const utc = `${when.toISOString().replace("T", " ").replace("Z", "")} UTC`;
  return html`<time datetime=${moment} title=${utc}>${isToday ? "" : `${day.format(when)}, `}${CLOCK.format(when)}</time>`;
}

export function hour(moment) {
  const when = new Date(moment);
  return Number.isNaN(when.getTime()) ? moment : HOUR.format(when);
}

/** When a tenant came to its end, or now while it is on its way. */
export function lastMoment({ status, completedAt, statusChangedAt }) {
  return completedAt ?? (UNDER_WAY.includes(status) ? new Date().toISOString() : statusChangedAt);
}

/** Whether a retry is what mends a tenant; one whose abandonment failed is refused it. */
export function canRetry({ failure }) {
  return failure?.command === "retry";
}

export function secondsBetween(since, until) {
  return Math.max(0, (new Date(until) - new Date(since)) / 1000);
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds > 0 && seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export function number(value) {
  return value.toLocaleString();
}

export function count(value, one, several = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : several}`;
}
