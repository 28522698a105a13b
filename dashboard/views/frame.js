/** What is around every view: heading, places, who is signed in, how fresh it all is, and what has to be said. */
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { toRejections, toTenants } from "../place.js";
import { time } from "../words.js";
import { TICK } from "./icons.js";

export function frame({ place, user, freshness, notice, said: words, actions }, content) {
  return html`
    <a class="skip" href="#main" @click=${actions.skip}>To the content</a>
    <header>
      <p class="brand"><span class="mark">${TICK}</span> Tenant onboarding</p>
      <nav aria-label="Places">${link("Tenants", toTenants(), !place.view.startsWith("rejection"))}${link(
        "Rejected events",
        toRejections,
        place.view.startsWith("rejection"),
      )}</nav>
      <p class="user"><span>${user.email}</span> <span class="role">${user.role}</span>
        <button type="button" class="plain" @click=${actions.signOut}>Sign out</button></p>
    </header>
    <main id="main" tabindex="-1">
      ${stale(freshness, actions)}
      <div role="status">${notice && !notice.isProblem ? said(notice, actions) : nothing}</div>
      <div role="alert">${notice?.isProblem ? said(notice, actions) : nothing}</div>
      ${content}
    </main>
    <footer><p class="toast" aria-live="polite">${words}</p><p>${freshness.at ? html`Updated ${time(freshness.at)}` : "Loading …"}</p></footer>
  `;
}

function link(words, href, isHere) {
  return html`<a href=${href} aria-current=${isHere ? "page" : nothing}>${words}</a>`;
}

function stale({ at, problem, nextTryAt }, actions) {
  if (!problem) return nothing;
  const wait = Math.max(0, Math.ceil((nextTryAt - Date.now()) / 1000));
  const since = at ? html`This is how it was at ${time(at)}.` : nothing;
  return html`<div class="notice" data-kind="stale">
    <p><span role="alert"><strong>${problem}</strong> ${since}</span> Next try in ${wait} s.</p>
    <button type="button" @click=${actions.tryNow}>Try now</button>
  </div>`;
}

function said({ words, isProblem }, actions) {
  return html`<div class="notice" data-kind=${isProblem ? "problem" : "done"}>
    <p>${words}</p>
    <button type="button" class="plain" aria-label="Dismiss" @click=${actions.dismiss}>✕</button>
  </div>`;
}

/** What is there instead of what was asked for and cannot be had. */
export function refused(title, { status, words }, { signOut }) {
  return html`<h1 tabindex="-1">${title}</h1>
    <p class="notice" data-kind="problem" role="alert">${words}</p>
    ${status === 403
      ? html`<p><button type="button" @click=${signOut}>Sign out, to sign in anew</button></p>`
      : html`<p><a href=${toTenants()}>Show all tenants</a></p>`}`;
}

/** What is there before anybody has signed in. */
export function door({ problem, busy, actions }) {
  return html`<main class="door" id="main">
    <h1>Tenant onboarding</h1>
    <p>See the state of onboarding, what failed, and repair it. For viewers and operators.</p>
    ${problem ? html`<p class="notice" data-kind="problem" role="alert">${problem}</p>` : nothing}
    <button type="button" class="main" ?disabled=${busy} @click=${actions.signIn}>Sign in</button>
  </main>`;
}
