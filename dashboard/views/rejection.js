/** One rejected event with all that is kept of it, which may name people: for operators. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { toRejections, toTenant } from "../place.js";
import { badge, number, time } from "../words.js";
import { copyable } from "./copying.js";
import { reasons } from "./rejections.js";

export function rejectionView({ event, actions }) {
  const { eventId, tenantId, heldBy, raw, rawIsCut, rawLength, rawSha256 } = event;
  return html`
    <p class="back"><a href=${toRejections}>← Rejected events</a></p>
    <h1 tabindex="-1">Rejected event</h1>
    <section class="failure" aria-labelledby="reasons-title">
      <h2 id="reasons-title">Why</h2>
      ${reasons(event.reasons)}
      <p>${event.nextAction}</p>
    </section>
    ${heldBy.length ? held(heldBy) : nothing}
    <section class="figure-box">
      <h2>Event</h2>
      <dl class="pairs">
        <div><dt>Event id</dt><dd>${copyable(eventId, "the event id", actions)}</dd></div>
        <div><dt>Tenant</dt><dd>${tenantId ?? "it names none"}</dd></div>
        <div><dt>Rejected</dt><dd>${time(event.rejectedAt)}</dd></div>
        <div><dt>Answered</dt><dd>${event.published ? "on the bus" : "not yet"}</dd></div>
        <div><dt>Kept until</dt><dd>${time(event.keptUntil)}</dd></div>
        <div><dt>Length</dt><dd>${number(rawLength)} bytes${rawIsCut ? "; its beginning is kept" : ""}</dd></div>
        <div><dt>SHA-256</dt><dd>${copyable(rawSha256, "the SHA-256", actions)}</dd></div>
      </dl>
    </section>
    <section class="figure-box">
      <h2 id="raw-title">As it came</h2>
      <p class="note">It may name people. Values whose names say that they are secret are left out.</p>
      <pre tabindex="0" aria-labelledby="raw-title" role="region">${laidOut(raw)}</pre>
    </section>
  `;
}

function held(found) {
  return html`<section class="figure-box">
    <h2>What it wants is held</h2>
    <ul>
      ${found.map(({ key, tenantId, status }) => html`<li><code>${key}</code> by <a href=${toTenant(tenantId)}>${tenantId}</a>
        ${status ? badge(status) : nothing}</li>`)}
    </ul>
  </section>`;
}

/** The event with a line for each field; as it is if it is no JSON, or was cut. */
function laidOut(raw) {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return raw;
  }
}
