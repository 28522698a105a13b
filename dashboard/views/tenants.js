/** All tenants: how they stand, and the list with its filters. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { toRejections, toTenant, toTenants } from "../place.js";
import { STATUSES, TIERS, UNDER_WAY, badge, canRetry, count, duration, lastMoment, number, secondsBetween, time } from "../words.js";
import { bulkButton } from "./bulk_retry.js";
import { capacity, completions, durations, failures } from "./charts.js";
import { pager } from "./pager.js";

const ID = /^[a-z0-9-]+$/;
const HELD = { host: "host", tenantCode: "tenant code", emailDomain: "email domain" };

/** With `isNarrow` what failed comes first, as there is room for little. */
export function tenantsView({ page, filters, wanted, paging, user, isNarrow, mayBulkRetry, actions }) {
  const { summary } = page;
  const others = (page.holders ?? []).filter(({ tenantId }) => !tenantId.startsWith(filters.search));
  const firstly = isNarrow && summary.failures.length;
  const rows = isNarrow ? page.onboardings.toSorted((one, other) => hasFailed(other) - hasFailed(one)) : page.onboardings;
  const inBulk = mayBulkRetry && filters.status === "FAILED" && rows.some(canRetry);
  return html`
    <h1 class="unseen" tabindex="-1">Tenants</h1>
    ${tiles(summary, filters, isNarrow)}
    ${firstly ? failures(summary) : nothing}
    <div class="columns">
      <section aria-labelledby="list-title" aria-busy=${paging.isTurning}>
        <div class="bar"><h2 id="list-title" tabindex="-1">${title(filters)}</h2>${form(wanted, actions)}</div>
        ${others.length ? held(others) : nothing}
        ${inBulk ? html`<p class="over">${bulkButton(actions)}</p>` : nothing}
        ${rows.length ? table(rows, user, actions) : empty(page, others, filters)}
        ${pager(page, paging, actions)}
      </section>
      <aside aria-label="Figures">
        ${firstly ? nothing : failures(summary)} ${completions(summary)} ${capacity(summary)} ${durations(summary)}
      </aside>
    </div>
  `;
}

function hasFailed({ status }) {
  return Number(status === "FAILED");
}

/** Who has what was searched for as host, code or email domain, though the id does not begin so. */
function held(holders) {
  return html`<ul class="held">
    ${holders.map(({ kind, value, tenantId, state }) => html`<li><code>${value}</code> is the ${HELD[kind]} of
      <a href=${toTenant(tenantId)}>${tenantId}</a>${state === "ACTIVE" ? "." : ` and leads nowhere: ${state}.`}</li>`)}
  </ul>`;
}

function tiles({ tenants, total, oldestInProgress, rejections }, filters, isNarrow) {
  const sum = (status) => Object.values(tenants[status]).reduce((one, other) => one + other, 0);
  const shown = Object.keys(STATUSES).filter((status) => !status.startsWith("ABANDON") || sum(status));
  if (isNarrow) shown.sort((one, other) => hasFailed({ status: other }) - hasFailed({ status: one }));
  const oldest = (status) =>
    oldestInProgress?.status === status ? `oldest ${duration(oldestInProgress.ageSeconds)}` : "";
  const byTier = (status) =>
    TIERS.filter((tier) => tenants[status][tier]).map((tier) => `${number(tenants[status][tier])} ${tier}`).join(" · ");
  const all = tile("All", total, toTenants(), { isHere: !filters.status, note: "tenants" });
  return html`<ul class="tiles" aria-label="Tenants by status">
    ${isNarrow ? nothing : all}
    ${shown.map((status) =>
      tile(STATUSES[status], sum(status), toTenants({ status }), {
        status,
        isHere: filters.status === status,
        note: oldest(status) || byTier(status),
      }),
    )}
    ${isNarrow ? all : nothing}
    ${tile("Rejected", `${number(rejections.events)}${rejections.more ? "+" : ""}`, toRejections, {
      status: "REJECTED",
      note: "events in 24 hours",
    })}
  </ul>`;
}

function tile(label, value, href, { status, isHere, note }) {
  return html`<li>
    <a class="tile" href=${href} data-status=${status ?? nothing} aria-current=${isHere ? "true" : nothing}>
      <span class="label">${label}</span>
      <span class="value">${typeof value === "number" ? number(value) : value}</span>
      <span class="note">${note || " "}</span>
    </a>
  </li>`;
}

function title({ status, tier, search }) {
  const what = [status ? STATUSES[status] : "All", tier, "tenants"].filter(Boolean).join(" ");
  if (!search) return what;
  return ID.test(search) ? `${what} beginning with “${search}”, by id` : `${what} with “${search}”`;
}

function form({ status, tier, search }, { filter, search: type }) {
  return html`<form role="search" aria-label="Filters" @submit=${(event) => event.preventDefault()}>
    <label>Search <input type="search" name="search" .value=${search} placeholder="id, host, code …" maxlength="254"
      autocomplete="off" autocapitalize="none" spellcheck="false" @input=${(event) => type(event.target.value)}></label>
    <label>Status ${choice("status", status, Object.entries(STATUSES), filter)}</label>
    <label>Tier ${choice("tier", tier, TIERS.map((each) => [each, each]), filter)}</label>
  </form>`;
}

function choice(name, chosen, options, filter) {
  return html`<select name=${name} @change=${(event) => filter({ [name]: event.target.value })}>
    <option value="" ?selected=${!chosen}>any</option>
    ${options.map(([value, word]) => html`<option value=${value} ?selected=${value === chosen}>${word}</option>`)}
  </select>`;
}

function table(rows, user, actions) {
  return html`<table class="list">
    <caption class="unseen">Tenants, ${count(rows.length, "row")}</caption>
    <thead><tr>
      <th scope="col">Tenant</th><th scope="col">Status</th><th scope="col">Step</th><th scope="col">Tier</th>
      <th scope="col" class="figure">Attempt</th><th scope="col">Changed</th><th scope="col" class="figure">Time</th>
      ${user.isOperator ? html`<th scope="col"><span class="unseen">Repair</span></th>` : nothing}
    </tr></thead>
    <tbody>${repeat(rows, (row) => row.tenantId, (row) => tableRow(row, user, actions))}</tbody>
  </table>`;
}

function tableRow(row, user, actions) {
  return html`<tr data-status=${row.status}>
    <th scope="row"><a href=${toTenant(row.tenantId)}>${row.tenantId}</a> <span class="name" dir="auto">${row.tenantName}</span></th>
    <td data-label="Status">${badge(row.status)}</td>
    <td data-label="Step">${step(row)}</td>
    <td data-label="Tier">${row.tier}</td>
    <td data-label="Attempt" class="figure">${row.attempt}</td>
    <td data-label="Changed">${time(row.statusChangedAt)}</td>
    <td data-label="Time" class="figure">${duration(secondsBetween(row.requestedAt, lastMoment(row)))}</td>
    ${user.isOperator ? html`<td class="act">${retryButton(row, actions)}</td>` : nothing}
  </tr>`;
}

function step({ status, currentStep, failure }) {
  if (failure) return html`${failure.step} <span class="error">${failure.error}</span>`;
  return UNDER_WAY.includes(status) ? currentStep ?? nothing : nothing;
}

function retryButton(row, { askRetry }) {
  if (!canRetry(row)) return nothing;
  const label = `Retry ${row.tenantId}`;
  return html`<button type="button" aria-label=${label} @click=${() => askRetry(row)}>Retry</button>`;
}

function empty({ summary, nextCursor }, others, filters) {
  if (nextCursor) return html`<p class="empty">None of the tenants looked through so far. There are more to look through.</p>`;
  if (others.length) return html`<p class="empty">No other tenant. <a href=${toTenants()}>Show all</a></p>`;
  if (/[.@]/.test(filters.search))
    return html`<p class="empty">No tenant has this host, or has verified this email domain. <a href=${toTenants()}>Show all</a></p>`;
  if (filters.search || filters.status || filters.tier)
    return html`<p class="empty">No such tenant. <a href=${toTenants()}>Show all</a></p>`;
  if (summary.total) return html`<p class="empty">None here.</p>`;
  return html`<div class="empty">
    <p>No tenants yet. One appears as soon as its event is on the bus:</p>
    <p><code>onboard emit examples/events/01-acme.json</code></p>
  </div>`;
}
