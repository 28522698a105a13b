/** Leads through the pages of a list. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";

export function pager({ nextCursor }, { number, isTurning }, { next, previous }) {
  if (!nextCursor && number === 1) return nothing;
  return html`<nav class="pager" aria-label="Pages">
    <button type="button" ?disabled=${number === 1 || isTurning} @click=${previous}>Back</button>
    <span>Page ${number}</span>
    <button type="button" ?disabled=${!nextCursor || isTurning} @click=${next}>More</button>
  </nav>`;
}
