/** Events that made no tenant, and every reason. Whoever sent them chose what they say. */
import { html } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { time } from "../words.js";
import { pager } from "./pager.js";

export function rejectionsView({ page, paging, actions }) {
  return html`
    <h1 tabindex="-1">Rejected events</h1>
    <p>Each is answered by TenantOnboardingRejected on the bus. Emit it anew, corrected.
      <code>onboard rejected show EVENT_ID</code> shows one whole.</p>
    <h2 class="unseen" id="list-title" tabindex="-1">The newest first</h2>
    ${page.rejections.length
      ? html`<ul class="rejections">${repeat(page.rejections, (each) => each.eventId, rejection)}</ul>`
      : html`<p class="empty">None.</p>`}
    ${pager(page, paging, actions)}
  `;
}

function rejection({ eventId, tenantId, reasons, rejectedAt }) {
  return html`<li>
    <p class="head"><strong>${tenantId || "no tenant id"}</strong> ${time(rejectedAt)} <code>${eventId}</code></p>
    <dl class="pairs">
      ${reasons.map(({ field, message }) => html`<div><dt>${field}</dt><dd>${message}</dd></div>`)}
    </dl>
  </li>`;
}
