/** The page: whose address it is, who signs in, and what the product's API says to them. One section is seen at a time. */
import { AccountApi, Problem } from "./account.js";
import { asKept } from "./addresses.js";
import { CognitoTokens } from "./cognito.js";
import { takeLink } from "./link.js";
import { Members } from "./members.js";
import { PasswordSignIn } from "./password.js";
import { People } from "./people.js";
import { isBack, ProviderSignIn } from "./provider.js";
import { addressOf, resolve } from "./resolve.js";
import { busy, fill, main, mark, say, show, unmark } from "./screen.js";
import { Session, SignedOut } from "./session.js";
import { AccountTokens, SignInWithoutSdk } from "./without_sdk.js";

let link = takeLink();
const settings = JSON.parse(document.querySelector("meta[name=settings]").content);
const account = new AccountApi(settings.accountApi, settings.host);
const withoutSdk = document.getElementById("without-sdk");
const ANSWER_MILLISECONDS = 15_000;
const MAIL_AGAIN_MILLISECONDS = 60_000;
const MOST_SECONDS_OF_PAUSE = 5;
const WRONG =
  "The email address or the password is not right, or the password has run out. “Forgot password” gets you another one.";
const REFUSALS = {
  NotAuthorizedException: WRONG,
  UserNotFoundException: WRONG,
  CodeMismatchException: "That code is not right. Wait for the next one.",
  EnableSoftwareTokenMFAException: "That code is not right. Wait for the next one.",
  ExpiredCodeException: "That code has run out.",
  TooManyRequestsException: "Too many tries. Wait a minute.",
  LimitExceededException: "Too many tries. Wait a minute.",
};
const WORDED = ["InvalidPasswordException"]; // Cognito says what the password lacks
const NOT_TAKEN = "That was not right, or it took too long. Try again, or go back to sign-in.";
const PROBLEMS = {
  "under-way": "This is being done at this moment. Wait some seconds, then try again.",
  suspended: "Nobody can sign in here for now. Ask whoever looks after your company's account.",
  "not-allowed": "Only an admin of your company may do this. Ask one.",
  "not-a-member": "Only an admin of your company may do this. Ask one.",
  "last-admin": "Your company would have no admin any more. Make somebody else an admin first.",
  "user-exists": "Somebody of your company has this address already.",
  "no-such-user": "There is no such person any more. Go back to the list.",
  "not-invited": "This has changed meanwhile. Go back to the list, and look again.",
  "not-possible": "This has changed meanwhile. Go back to the list, and look again.",
  "too-many": "Too many requests at once. Wait a minute, then try again.",
};
const OUT_OF_REACH = "This does not work at the moment. Wait some seconds, then try again.";
const LINK_STAYS = `${OUT_OF_REACH} Your link stays good.`;
const OVER = "Your sign-in has run out. Sign in again.";
const UNKNOWN = "Signing in did not work. Try again.";
const NO_PASSWORDS = "Your company has a sign-in page of its own, so you need no password here.";
const SET = "Your password is set. Sign in with the address to which the link was mailed.";
const JUST_ASKED = "That was asked for a moment ago. Mail can take a minute; then ask again.";
const LASTS = { register: "24 hours", forgot: "one hour" };
const ANOTHER = {
  confirm: { section: "register", words: "Otherwise ask whoever invited you for another invitation, or register again." },
  reset: { section: "forgot", words: "Otherwise ask for another link." },
};

let config, session, members, people, byProvider, byPassword, address;
let asked = {};
let refusals = 0;

async function begin() {
  show("resolving");
  config = await resolve(settings).catch(() => undefined);
  if (config === undefined) return show("out-of-reach");
  if (config === null) return show("unknown");
  const cognito = new CognitoTokens(addressOf(settings.cognitoAddress, config), config.appClientId);
  session = new Session(cognito, new AccountTokens(account), config.tokenUse);
  members = new Members(settings.accountApi, session);
  people = new People(members, config);
  byProvider = new ProviderSignIn(addressOf(settings.signInAddress, config), settings.callbackPath, config);
  if (link) return config.identityProviders?.length ? door(NO_PASSWORDS, true) : show(link.action, texts());
  if (isBack()) {
    try {
      session.keep(await byProvider.comeBack());
    } catch {
      return door(UNKNOWN);
    }
  }
  return session.isSignedIn ? welcome() : door();
}

/** Ask who is there: by password, or at the company's own provider. */
function door(words, isNews = false) {
  byPassword = link = null;
  const { identityProviders } = config;
  if (!identityProviders?.length) return show("sign-in", texts(), words, isNews);
  const choices = identityProviders.map((name) => {
    const button = document.createElement("button");
    button.textContent = `Sign in with ${name.replace(/^[0-9a-f]{8}-/, "")}`;
    button.addEventListener("click", () => busy(() => byProvider.leave(name)));
    return button;
  });
  fill(".choices", choices);
  show("providers", texts(), words, isNews);
}

function texts() {
  return { tenantId: config.tenantId, email: address };
}

/** Show what the product's API says to whoever is signed in. */
async function welcome() {
  try {
    const [answer, oneself] = await Promise.all([me(), members.me().catch(() => ({}))]); // the product needs no name
    if ([401, 403].includes(answer.status)) return show("refused");
    if (!answer.ok) return show("out-of-reach");
    const { tenantId, tier, role, groups, userId, subject, projects } = await answer.json();
    fill(".projects", projects);
    const { name = "", email = "" } = oneself;
    main.querySelector("#signed-in [data-does=people]").hidden = oneself.role !== "admin";
    show("signed-in", { tenantId, tier, role, groups: groups.join(", ") || "none", userId, subject, name, email });
  } catch (error) {
    if (error instanceof SignedOut) return door(OVER);
    show("out-of-reach", {}, PROBLEMS[error.kind]);
  }
}

async function me() {
  const headers = { Authorization: `Bearer ${await session.token()}` };
  return fetch("/me", { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MILLISECONDS) });
}

async function signOut() {
  if (await session.end()) return byProvider.leaveForGood();
  door();
}

/** Go to a form that asks for a mail, with the address that was typed last. */
function toAsk(section) {
  address = document.getElementById("email").value || address;
  byPassword = link = null;
  show(section, texts());
}

/** Have a link mailed, but not the same one at every click; nobody is told whether there will be one. */
async function ask(section, email, name) {
  address = asKept(email);
  const justNow = asked.section === section && asked.email === address && Date.now() < asked.until;
  if (!justNow) {
    await (section === "register" ? account.register(address, name) : account.forgotPassword(address));
    asked = { section, email: address, name, until: Date.now() + MAIL_AGAIN_MILLISECONDS };
  }
  show("asked", { email: address, lasts: LASTS[section] }, justNow ? JUST_ASKED : "", true);
}

function askAgain() {
  return ask(asked.section, asked.email, asked.name);
}

/** Bring the secret of the link with the password that is to be, and sign in with that. */
async function prove(email, password) {
  const { action, token } = link;
  address = email;
  await (action === "confirm" ? account.confirm(token, password) : account.resetPassword(token, password));
  link = null;
  session.forget(); // whoever was signed in here may be somebody else
  return signIn(email, password).catch(() => door(SET, true));
}

function signIn(email, password) {
  address = email; // which a password manager keeps a new password for
  byPassword = withoutSdk.checked
    ? new SignInWithoutSdk(account, email)
    : new PasswordSignIn(addressOf(settings.cognitoAddress, config), config, email);
  return byPassword.begin(password);
}

/** What each form's answer is handed to; a step of signing in comes of it, or nothing more is to be done. */
const ANSWERS = {
  "sign-in": ({ email, password }) => signIn(email, password),
  register: ({ email, name }) => ask("register", email, name.trim()),
  forgot: ({ email }) => ask("forgot", email),
  confirm: ({ email, password }) => prove(email, password),
  reset: ({ email, password }) => prove(email, password),
  "new-password": ({ newPassword }) => byPassword.newPassword(newPassword),
  authenticator: ({ code }) => byPassword.authenticator(code),
  code: ({ code }) => byPassword.code(code),
  people: ({ search }) => people.open(search),
  invite: (said) => people.invite(said),
  person: (said) => people.giveRole(said),
};

async function answer(section, form) {
  unmark(form);
  say("");
  try {
    const step = await ANSWERS[section](Object.fromEntries(new FormData(form)));
    refusals = 0;
    form.reset();
    if (!step) return;
    if (!step.tokens) return show(step.question, { secret: step.secret, email: address });
    session.keep(step.tokens);
    await welcome();
  } catch (error) {
    await refuse(error, form);
  }
}

/** Say what went wrong and what to do, and let some seconds pass before the next try. */
async function refuse(error, form) {
  let seconds = 1;
  if (error instanceof SignedOut) {
    session.forget();
    return door(OVER);
  }
  if (error instanceof Problem && error.kind !== "not-signed-in") {
    if (error.kind === "used-or-ended" || error.wrong.token) return show("ended", { otherwise: ANOTHER[link.action].words });
    if (error.kind === "federated") return door(NO_PASSWORDS, true);
    if (!form || !mark(form, error.wrong)) say(PROBLEMS[error.kind] ?? (link ? LINK_STAYS : OUT_OF_REACH));
    seconds = error.afterSeconds || seconds;
  } else {
    say(words(error, form));
    seconds = refusals += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, Math.min(seconds, MOST_SECONDS_OF_PAUSE) * 1000));
}

/** Return what is said of a sign-in that was refused. */
function words({ kind, name, message }, form) {
  if (kind === "not-signed-in") return form.closest("#sign-in") ? WRONG : NOT_TAKEN;
  return WORDED.includes(name) ? message : (REFUSALS[name] ?? UNKNOWN);
}

for (const form of main.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(() => answer(form.closest("section").id, form));
  });
}
const DOES = {
  begin,
  signOut,
  door: () => door(),
  register: () => toAsk("register"),
  forgot: () => toAsk("forgot"),
  askAgain,
  askAnew: () => toAsk(ANOTHER[link.action].section),
  welcome,
  people: () => people.open(),
  more: () => people.more(),
  beginInvitation: () => people.begin(),
  enable: () => people.setStatus("ACTIVE"),
  disable: () => people.setStatus("DISABLED"),
  resend: () => people.resend(),
  askToRemove: () => people.askToRemove(),
  remove: () => people.remove(),
  keep: () => people.keep(),
};

async function does(what) {
  say("");
  try {
    await DOES[what]();
  } catch (error) {
    await refuse(error);
  }
}

for (const button of main.querySelectorAll("[data-does]")) {
  button.addEventListener("click", () => busy(() => does(button.dataset.does)));
}
addEventListener("pageshow", (event) => event.persisted && location.reload()); // what was kept may be signed out since
addEventListener("hashchange", () => {
  link = takeLink() ?? link; // a link that was pasted where this page was open
  if (link) busy(begin);
});
begin();
