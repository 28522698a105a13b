/** What a bulk retry asks first, how far it is, and what became of each tenant. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { toTenant } from "../place.js";
import { count, duration, number } from "../words.js";

const EACH_SECONDS = 0.5;
const MANY = 20;
const OUTCOMES = { failed: "Failed", refused: "Refused", retried: "Started" };

export function bulkButton({ askBulkRetry }) {
  return html`<button type="button" @click=${askBulkRetry}>Retry all of these …</button>`;
}

/** The question: how many there are, and what happens to them. */
export function bulkQuestion({ rows, others, hasMore }) {
  const redone = rows.filter(({ failure }) => failure.redo).length;
  const words = [
    rows.length ? "Each goes on where it stopped, two tenants a second, those that failed first before the others." : "",
    rows.length >= MANY ? `That takes ${duration(rows.length * EACH_SECONDS)} or more.` : "",
    rows.length ? "You can stop at any time." : "",
    redone ? `Of ${number(redone)}, the step is done again whose result is gone.` : "",
    hasMore ? "These are the last that failed; there are more, which are left as they are." : "",
    others ? `${count(others, "other needs", "others need")} another command than a retry, which its page names.` : "",
  ];
  return {
    title: rows.length ? `Retry ${count(rows.length, "tenant")}?` : "None of these tenants can be retried",
    words: words.filter(Boolean).join(" "),
    yes: rows.length ? `Retry ${number(rows.length)}` : "",
  };
}

export function bulkReport(run, { stopBulkRetry, forgetBulkRetry }) {
  if (!run) return nothing;
  const { total, results, isRunning, why } = run;
  const tried = results.length;
  const retried = results.filter(({ outcome }) => outcome === "retried").length;
  const title = isRunning ? `Retrying ${count(total, "tenant")}` : `${count(retried, "retry", "retries")} started`;
  return html`<section class="figure-box report" aria-labelledby="bulk-title">
    <div class="bar">
      <h2 id="bulk-title" aria-live="polite">${title}</h2>
      <p class="acts">
        ${isRunning
          ? html`<button type="button" @click=${stopBulkRetry}>Stop</button>`
          : html`<button type="button" @click=${forgetBulkRetry}>Close the report</button>`}
      </p>
    </div>
    <progress max=${total} value=${tried} aria-label="Tenants tried"></progress>
    <p>${number(tried)} of ${number(total)} tried.
      ${!isRunning && tried < total ? `${why} The others are as they were.` : nothing}
      ${retried ? "The list shows how they end." : nothing}</p>
    ${Object.entries(OUTCOMES).map(([outcome, word]) => outcomes(word, results.filter((each) => each.outcome === outcome), outcome))}
  </section>`;
}

function outcomes(word, results, outcome) {
  if (!results.length) return nothing;
  return html`<details ?open=${outcome !== "retried"}>
    <summary>${word}: ${number(results.length)}</summary>
    <ul class="outcomes" tabindex="0" aria-label=${word}>
      ${repeat(results, ({ tenantId }) => tenantId, ({ tenantId, message }) => html`<li>
        <a href=${toTenant(tenantId)}>${tenantId}</a> ${message.replace(`${tenantId}: `, "")}
      </li>`)}
    </ul>
  </details>`;
}
