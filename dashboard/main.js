/** The page: who is signed in, where one is, what was loaded, and one picture of it all. */
import { html, render } from "./vendor/lit-html/lit-html.js";
import { Api, Problem } from "./api.js";
import { here, toTenants } from "./place.js";
import { Poll } from "./poll.js";
import { Session, SignedOut } from "./sign_in.js";
import { door, frame } from "./views/frame.js";
import { question } from "./views/question.js";
import { rejectionsView } from "./views/rejections.js";
import { noSuchTenant, tenantView } from "./views/tenant.js";
import { tenantsView } from "./views/tenants.js";
import { UNDER_WAY } from "./words.js";

const SECONDS_WHILE_UNDER_WAY = 3;
const SECONDS_AT_REST = 5;
const TYPING_MILLISECONDS = 300;

const page = document.getElementById("page");
const settings = JSON.parse(document.querySelector("meta[name=settings]").content);
const session = new Session(settings);
const api = new Api(session, document.baseURI);
const shown = { user: null, problem: null, busy: true, question: null, notice: null };
let poll = null;
let typing = null;

/** What is loaded of the place where one is. */
function freshly(place) {
  return { place, document: null, at: null, problem: null, nextTryAt: 0, missing: false, wantsFocus: false, cursors: [undefined] };
}
let loaded = freshly(here());

const VIEWS = {
  tenants: {
    title: "Tenants",
    load: () => api.tenants({ ...loaded.place.filters, cursor: loaded.cursors.at(-1) }),
    isUnderWay: ({ summary: { tenants } }) =>
      UNDER_WAY.some((status) => Object.values(tenants[status]).some((number) => number)),
    show: (document) => tenantsView({ ...listed(), page: document, filters: loaded.place.filters }),
  },
  tenant: {
    title: "Tenant",
    load: () => api.tenant(loaded.place.tenantId),
    isUnderWay: ({ status }) => UNDER_WAY.includes(status),
    show: (document) => tenantView({ tenant: document, user: session.user, actions }),
  },
  rejections: {
    title: "Rejected events",
    load: () => api.rejections(loaded.cursors.at(-1)),
    isUnderWay: () => false,
    show: (document) => rejectionsView({ ...listed(), page: document }),
  },
};

const actions = {
  signIn: () => attempt(() => session.signIn()),
  signOut: () => {
    poll?.stop();
    session.signOut();
  },
  skip: (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  },
  tryNow: () => poll.now(),
  dismiss: () => draw({ notice: null }),
  filter: (changed) => go(toTenants({ ...loaded.place.filters, ...changed })),
  search: (text) => {
    clearTimeout(typing);
    const search = text.trim().toLowerCase();
    typing = setTimeout(() => go(toTenants({ ...loaded.place.filters, search })), TYPING_MILLISECONDS);
  },
  next: () => turn([...loaded.cursors, loaded.document.nextCursor]),
  previous: () => turn(loaded.cursors.slice(0, -1)),
  askRetry: ({ tenantId, failure }) =>
    ask({
      title: `Retry ${tenantId}?`,
      words: `It goes on at ${failure.step}; steps that are done are not done again.`,
      yes: "Retry",
      act: () => api.retry(tenantId),
    }),
  askResend: ({ tenantId }) =>
    ask({
      title: `Resend the welcome email of ${tenantId}?`,
      words: "Its admin is mailed a new temporary password, unless they have signed in already.",
      yes: "Resend",
      act: () => api.resendWelcome(tenantId),
    }),
  answerNo: () => draw({ question: null }),
  answerYes: act,
};

function listed() {
  return { paging: { number: loaded.cursors.length }, user: session.user, actions };
}

function draw(changed = {}) {
  Object.assign(shown, changed);
  if (shown.user) shown.user = session.user ?? shown.user; // a refresh may bring other groups
  render(shown.user ? inside() : door({ ...shown, actions }), page);
  const dialog = page.querySelector("dialog");
  if (dialog && dialog.open !== Boolean(shown.question)) shown.question ? dialog.showModal() : dialog.close();
}

function inside() {
  const freshness = { at: loaded.at, problem: loaded.problem, nextTryAt: loaded.nextTryAt };
  const around = { place: loaded.place, user: shown.user, freshness, notice: shown.notice, actions };
  return html`${frame(around, content())} ${question(shown.question, actions)}`;
}

function content() {
  if (loaded.missing) return noSuchTenant(loaded.place.tenantId);
  if (!loaded.document) return waiting();
  return VIEWS[loaded.place.view].show(loaded.document);
}

function waiting() {
  return html`<h1 class="unseen">${VIEWS[loaded.place.view].title}</h1>
    <p class="loading" aria-busy=${!loaded.problem}>${loaded.problem ? "" : "Loading …"}</p>`;
}

/** Show another place; what was loaded stays in sight while only filters change. */
function enter(place) {
  const before = loaded;
  loaded = freshly(place);
  if (place.view === "tenants" && before.place.view === "tenants") {
    loaded.document = before.document;
    loaded.at = before.at;
  } else {
    loaded.wantsFocus = true; // whoever does not see the page learns that it is another
  }
  watch();
}

/** Another page of the same list. */
function turn(cursors) {
  loaded.cursors = cursors;
  poll.now();
}

function watch() {
  poll?.stop();
  const mine = loaded;
  const view = VIEWS[mine.place.view];
  document.title = `${mine.place.tenantId ?? view.title} – Tenant onboarding`;
  poll = new Poll({
    load: view.load,
    seconds: (found) => (view.isUnderWay(found) ? SECONDS_WHILE_UNDER_WAY : SECONDS_AT_REST),
    loaded: (found) => {
      Object.assign(mine, { document: found, at: new Date().toISOString(), problem: null, missing: false });
      draw();
      if (mine.wantsFocus) document.querySelector("h1")?.focus();
      mine.wantsFocus = false;
    },
    failed: (error, wait) => {
      if (error instanceof SignedOut) return leave("Your sign-in has run out. Sign in again to go on.");
      mine.missing = mine.place.view === "tenant" && [400, 404].includes(error.status); // 400: no tenant's id is like that
      mine.problem = mine.missing ? null : words(error);
      mine.nextTryAt = Date.now() + wait * 1000;
      draw();
    },
  });
  draw();
  return poll.now();
}

function ask(asked) {
  draw({ question: asked, notice: null });
}

async function act() {
  const asked = shown.question;
  draw({ question: { ...asked, isBusy: true } });
  try {
    const done = await asked.act();
    draw({ question: null, notice: { words: `${done.tenantId}: ${done.message}.` } });
  } catch (error) {
    if (error instanceof SignedOut) return leave("Your sign-in has run out. Sign in again to go on.");
    draw({ question: null, notice: { words: words(error), isProblem: true } });
  }
  poll.now();
}

function go(hash) {
  if (location.hash === hash) return;
  history.replaceState(null, "", hash);
  enter(here());
}

function leave(problem) {
  poll?.stop();
  draw({ user: null, problem, busy: false, question: null });
}

function words(error) {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return "Something went wrong in this page. Reload it.";
}

/** Do something at the door, and say so if it cannot be done. */
async function attempt(act) {
  draw({ busy: true, problem: null });
  try {
    return await act();
  } catch (error) {
    console.warn(error);
    draw({ busy: false, problem: "Signing in did not work. Try again, and if it stays so tell whoever runs this." });
    return false;
  }
}

async function begin() {
  page.replaceChildren();
  window.addEventListener("hashchange", () => shown.user && enter(here()));
  setInterval(() => document.hidden || !shown.user || draw(), 1000);
  if (await attempt(() => session.resume())) {
    loaded = freshly(here());
    draw({ user: session.user, busy: false });
    watch();
  } else {
    draw({ busy: false });
  }
}

begin();
