/** Pictures that say nothing by themselves: words stand beside them. */
import { html } from "../vendor/lit-html/lit-html.js";

export const TICK = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2.5 8.5l3.5 3.5 7.5-8"></path></svg>`;
export const TWO_SHEETS = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
  <path d="M5.5 5V1.5h9v9H11M1.5 5.5h9v9h-9z"></path></svg>`;
