/** A question before something is done. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";

export function question(asked, { answerYes, answerNo }) {
  return html`<dialog aria-labelledby="question-title" @close=${answerNo}>
    ${asked
      ? html`<form method="dialog" @submit=${(event) => event.preventDefault()}>
          <h2 id="question-title">${asked.title}</h2>
          <p aria-live="polite">${asked.words}</p>
          <p class="acts">
            <button type="button" autofocus ?disabled=${asked.isBusy} @click=${answerNo}>Cancel</button>
            ${asked.yes
              ? html`<button type="button" class="main" ?disabled=${asked.isBusy || !asked.act} @click=${answerYes}>${asked.yes}</button>`
              : nothing}
          </p>
        </form>`
      : nothing}
  </dialog>`;
}
