/** Events that made no tenant, and every reason. Whoever sent them chose what they say. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { toRejection } from "../place.js";
import { time } from "../words.js";
import { pager } from "./pager.js";

export function rejectionsView({ page, paging, user, actions }) {
  return html`
    <h1 tabindex="-1">Rejected events</h1>
    <p>Each is answered by TenantOnboardingRejected on the bus. Correct the event and send it again.
      ${user.isOperator ? nothing : "Operators can look at a whole one."}</p>
    <h2 class="unseen" id="list-title" tabindex="-1">The newest first</h2>
    ${page.rejections.length
      ? html`<ul class="rejections">${repeat(page.rejections, (each) => each.eventId, (each) => rejection(each, user))}</ul>`
      : html`<p class="empty">None.</p>`}
    ${pager(page, paging, actions)}
  `;
}

function rejection(each, { isOperator }) {
  const { eventId, tenantId, reasons: found, rejectedAt } = each;
  return html`<li>
    <p class="head"><strong>${tenantId || "no tenant id"}</strong> ${time(rejectedAt)}
      ${isOperator ? html`<a href=${toRejection(each)}><code>${eventId}</code></a>` : html`<code>${eventId}</code>`}</p>
    ${reasons(found)}
  </li>`;
}

export function reasons(found) {
  return html`<dl class="pairs">
    ${found.map(({ field, message }) => html`<div><dt>${field}</dt><dd>${message}</dd></div>`)}
  </dl>`;
}
