/** Texts to take along, such as an id or a command, each with a button that copies it. */
import { html } from "../vendor/lit-html/lit-html.js";
import { TICK, TWO_SHEETS } from "./icons.js";

const COMMAND = /^([^]*): (onboard \S[^\n]*)$/;
const BEFORE_A_COMMAND = /\s*Command$/;

/** A text with its button; `what` says what is copied to who does not see the two side by side. */
export function copyable(text, what, actions) {
  return html`<span class="copyable"><code dir="auto">${text}</code>${copyButton(text, what, actions)}</span>`;
}

/** The button alone, to stand right after the element that shows the text. */
export function copyButton(text, what, { copy, isCopied }) {
  const label = `Copy ${what}`;
  return html`<button type="button" class="copy" aria-label=${label} title=${label}
    @click=${({ currentTarget }) => copy(text, currentTarget.previousElementSibling)}>${isCopied(text) ? TICK : TWO_SHEETS}</button>`;
}

/** An advice in two parts: its words, and the command that it ends with, empty if it has none. */
export function parted(advice) {
  const [, words = advice, command = ""] = COMMAND.exec(advice) ?? [];
  return { words: words.replace(BEFORE_A_COMMAND, ""), command };
}
