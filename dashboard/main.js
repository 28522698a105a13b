/** The page: who is signed in, where one is, what was loaded, and one picture of it all. */
import { html, render } from "./vendor/lit-html/lit-html.js";
import { Api, Problem } from "./api.js";
import { BulkRetry } from "./bulk_retry.js";
import { Clipboard } from "./clipboard.js";
import { here, toTenants } from "./place.js";
import { Poll } from "./poll.js";
import { Session, SignedOut } from "./sign_in.js";
import { bulkQuestion, bulkReport } from "./views/bulk_retry.js";
import { door, frame, refused } from "./views/frame.js";
import { question } from "./views/question.js";
import { rejectionView } from "./views/rejection.js";
import { rejectionsView } from "./views/rejections.js";
import { noSuchTenant, tenantView } from "./views/tenant.js";
import { tenantsView } from "./views/tenants.js";
import { UNDER_WAY } from "./words.js";

const SECONDS_WHILE_UNDER_WAY = 3;
const SECONDS_AT_REST = 5;
const TYPING_MILLISECONDS = 300;
const RUN_OUT = "Your sign-in has run out. Sign in again to go on.";
const FIRST_PAGE = [undefined];
const narrow = matchMedia("(max-width: 720px)");

const page = document.getElementById("page");
const settings = JSON.parse(document.querySelector("meta[name=settings]").content);
const session = new Session(settings);
const api = new Api(session, document.baseURI);
const shown = { isInside: false, problem: null, busy: true, question: null, notice: null };
const clipboard = new Clipboard(() => draw());
const bulkRetry = new BulkRetry(api, () => draw());
let loaded = freshly(here());
let poll = null;
let typing = null;

/** What is loaded of a place: `of` says by which place and cursors the document came. */
function freshly(place) {
  const cursors = FIRST_PAGE;
  return { place, cursors, document: null, of: null, at: null, problem: null, nextTryAt: 0, refusal: null, focus: "" };
}

const VIEWS = {
  tenants: {
    title: "Tenants",
    load: ({ place, cursors }) => api.tenants({ ...place.filters, cursor: cursors.at(-1) }),
    isUnderWay: ({ summary: { tenants } }) =>
      UNDER_WAY.some((status) => Object.values(tenants[status]).some((number) => number)),
    show: (document) =>
      tenantsView({
        ...listed(),
        page: document,
        filters: loaded.of.place.filters,
        wanted: loaded.place.filters,
        isNarrow: narrow.matches,
        mayBulkRetry: session.user.isOperator && !bulkRetry.run?.isRunning,
      }),
  },
  tenant: {
    title: "Tenant",
    load: ({ place }) => api.tenant(place.tenantId),
    isUnderWay: ({ status }) => UNDER_WAY.includes(status),
    show: (document) => tenantView({ tenant: document, user: session.user, actions }),
  },
  rejections: {
    title: "Rejected events",
    load: ({ cursors }) => api.rejections(cursors.at(-1)),
    isUnderWay: () => false,
    show: (document) => rejectionsView({ ...listed(), page: document }),
  },
  rejection: {
    title: "Rejected event",
    load: ({ place }) => api.rejection(place.eventId, place.tenantId),
    isLasting: true,
    show: (document) => rejectionView({ event: document, actions }),
  },
};

const actions = {
  signIn: () => attempt(() => session.signIn()),
  signOut: () => {
    leave(null);
    draw({ busy: true }); // until the page that the user pool leads back to
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
      words: failure.redo
        ? `${failure.redo} is done again, and what went with it; what is in fact there is found.`
        : `It goes on at ${failure.step}; steps that are done are not done again.`,
      yes: "Retry",
      act: () => api.retry(tenantId, failure.redo).then(outcome),
    }),
  askResend: ({ tenantId }) =>
    ask({
      title: `Resend the welcome email of ${tenantId}?`,
      words: "A local admin is mailed a new temporary password, unless they have signed in already.",
      yes: "Resend",
      act: () => api.resendWelcome(tenantId).then(outcome),
    }),
  askBulkRetry,
  stopBulkRetry: () => bulkRetry.stop(),
  forgetBulkRetry: () => {
    bulkRetry.forget();
    document.querySelector("h1")?.focus();
  },
  copy: clipboard.copy,
  isCopied: clipboard.isCopied,
  answerNo: () => shown.question?.isBusy || draw({ question: null }),
  answerYes: act,
};

function outcome({ tenantId, message }) {
  return `${tenantId}: ${message}.`;
}

function listed() {
  const paging = { number: loaded.of.cursors.length, isTurning: !isOfThisPlace() };
  return { paging, user: session.user, actions };
}

/** Whether what is in sight is what was asked for last. */
function isOfThisPlace() {
  return loaded.of?.place === loaded.place && loaded.of.cursors === loaded.cursors;
}

function draw(changed = {}) {
  Object.assign(shown, changed);
  render(shown.isInside && session.user ? inside() : door({ ...shown, actions }), page);
  const dialog = page.querySelector("dialog");
  if (dialog && dialog.open !== Boolean(shown.question)) shown.question ? dialog.showModal() : dialog.close();
}

function inside() {
  const { place, at, problem, nextTryAt } = loaded;
  const around = { place, user: session.user, freshness: { at, problem, nextTryAt }, notice: shown.notice, said: clipboard.words, actions };
  return html`${frame(around, html`${bulkReport(bulkRetry.run, actions)} ${content()}`)} ${question(shown.question, actions)}`;
}

function content() {
  const { place, document, refusal, problem } = loaded;
  if (place.view === "tenant" && (!place.isPossible || refusal?.status === 404)) return noSuchTenant(place.tenantId);
  if (document) return VIEWS[place.view].show(document);
  if (refusal) return refused(VIEWS[place.view].title, refusal, actions);
  return html`<h1 class="unseen">${VIEWS[place.view].title}</h1>
    <p class="loading" aria-busy=${!problem}>${problem ? "" : "Loading …"}</p>`;
}

/** Show another place; what was loaded stays in sight while only filters change. */
function enter(place) {
  const before = loaded;
  loaded = freshly(place);
  clearTimeout(typing);
  Object.assign(shown, { question: null, notice: null });
  if (place.view === "tenants" && before.place.view === "tenants") {
    Object.assign(loaded, { document: before.document, of: before.of, at: before.at });
  } else {
    loaded.focus = "h1"; // whoever does not see the page learns that it is another
  }
  watch();
}

/** Another page of the same list. */
function turn(cursors) {
  if (!isOfThisPlace()) return;
  Object.assign(loaded, { cursors, focus: "#list-title" });
  draw();
  poll.now();
}

function watch() {
  poll?.stop();
  const mine = loaded;
  const view = VIEWS[mine.place.view];
  document.title = `${mine.place.view === "tenant" ? mine.place.tenantId : view.title} – Tenant onboarding`;
  let of = null;
  poll = new Poll({
    load: () => {
      of = { place: mine.place, cursors: mine.cursors };
      return view.load(of);
    },
    seconds: (found) => (view.isLasting ? Infinity : view.isUnderWay(found) ? SECONDS_WHILE_UNDER_WAY : SECONDS_AT_REST),
    loaded: (found) => {
      Object.assign(mine, { document: found, of, at: new Date().toISOString(), problem: null, refusal: null });
      draw();
      focus(mine);
    },
    failed: (error, wait) => {
      if (error instanceof SignedOut) return leave(RUN_OUT);
      if (error.isLasting) refuse(mine, error);
      else Object.assign(mine, { problem: words(error), nextTryAt: Date.now() + wait * 1000 });
      draw();
      if (error.isLasting) focus(mine);
    },
  });
  draw();
  if (mine.place.isPossible === false) focus(mine);
  else poll.now();
}

/** What was asked for can never be had, so asking again is of no use; but for a page of a list, which has a first. */
function refuse(mine, error) {
  poll.stop();
  if (error.status === 400 && mine.cursors.length > 1) {
    mine.cursors = FIRST_PAGE;
    return watch();
  }
  const at = new Date().toISOString();
  Object.assign(mine, { document: null, of: null, at, problem: null, refusal: { status: error.status, words: words(error) } });
}

function focus(mine) {
  if (mine.focus) document.querySelector(mine.focus)?.focus();
  mine.focus = "";
}

function ask(asked) {
  draw({ question: asked, notice: null });
}

/** Count whom the list means, and ask whether to retry them. */
async function askBulkRetry() {
  const { filters } = loaded.of.place;
  const asked = { title: "Retry all of these tenants?", words: "Counting …", yes: "Retry" };
  const isWanted = () => shown.question === asked;
  ask(asked);
  try {
    const found = await bulkRetry.find(filters, isWanted);
    if (isWanted()) ask({ ...bulkQuestion(found), act: async () => bulkRetry.start(found.rows) });
  } catch (error) {
    if (error instanceof SignedOut) return leave(RUN_OUT);
    if (isWanted()) draw({ question: null, notice: { words: words(error), isProblem: true } });
  }
}

async function act() {
  const asked = shown.question;
  draw({ question: { ...asked, isBusy: true } });
  try {
    const done = await asked.act();
    draw({ question: null, notice: done ? { words: done } : null });
  } catch (error) {
    if (error instanceof SignedOut) return leave(RUN_OUT);
    draw({ question: null, notice: { words: words(error), isProblem: true } });
  }
  if (!document.activeElement || document.activeElement === document.body) document.querySelector("h1")?.focus();
  poll.now();
}

function go(hash) {
  if (location.hash === hash) return;
  history.replaceState(null, "", hash);
  enter(here());
}

function leave(problem) {
  poll?.stop();
  clearTimeout(typing);
  bulkRetry.forget();
  loaded = freshly(here());
  draw({ isInside: false, problem, busy: false, question: null, notice: null });
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

function goIn() {
  loaded = freshly(here());
  Object.assign(shown, { isInside: true, busy: false, problem: null });
  watch();
}

export async function begin() {
  page.replaceChildren();
  narrow.addEventListener("change", () => shown.isInside && draw());
  window.addEventListener("hashchange", () => shown.isInside && enter(here()));
  // Back from another site the browser shows this page as it was left, though somebody may have signed out since.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) session.remember() ? goIn() : leave(null);
  });
  setInterval(() => document.hidden || !shown.isInside || draw(), 1000);
  if (await attempt(() => session.resume())) goIn();
  else draw({ busy: false });
}
