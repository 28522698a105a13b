/** The page: whose address it is, who signs in, and what the product's API says to them. One section is seen at a time. */
import { PasswordSignIn } from "./password.js";
import { isBack, ProviderSignIn } from "./provider.js";
import { addressOf, resolve } from "./resolve.js";
import { Session, SignedOut } from "./session.js";

const settings = JSON.parse(document.querySelector("meta[name=settings]").content);
const main = document.querySelector("main");
const problem = document.getElementById("problem");
const ANSWER_MILLISECONDS = 15_000;
const REFUSALS = {
  NotAuthorizedException: "The email address or the password is not right, or the password has run out.",
  UserNotFoundException: "The email address or the password is not right, or the password has run out.",
  CodeMismatchException: "That code is not right. Wait for the next one.",
  EnableSoftwareTokenMFAException: "That code is not right. Wait for the next one.",
  ExpiredCodeException: "That code has run out.",
  TooManyRequestsException: "Too many tries. Wait a minute.",
  LimitExceededException: "Too many tries. Wait a minute.",
};
const WORDED = ["InvalidPasswordException"]; // Cognito says what the password lacks
const OVER = "Your sign-in has run out. Sign in again.";
const UNKNOWN = "Signing in did not work. Try again.";

let config, session, byProvider, byPassword, address;

async function begin() {
  show("resolving");
  config = await resolve(settings).catch(() => undefined);
  if (config === undefined) return show("out-of-reach");
  if (config === null) return show("unknown");
  session = new Session(addressOf(settings.cognitoAddress, config), config);
  byProvider = new ProviderSignIn(addressOf(settings.signInAddress, config), settings.callbackPath, config);
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
function door(words) {
  byPassword = null;
  const { tenantId, identityProviders } = config;
  if (!identityProviders?.length) return show("sign-in", { tenantId }, words);
  const choices = identityProviders.map((name) => {
    const button = document.createElement("button");
    button.textContent = `Sign in with ${name.replace(/^[0-9a-f]{8}-/, "")}`;
    button.addEventListener("click", () => busy(() => byProvider.leave(name)));
    return button;
  });
  fill(".choices", choices);
  show("providers", { tenantId }, words);
}

/** Show what the product's API says to whoever is signed in. */
async function welcome() {
  try {
    const answer = await me();
    if ([401, 403].includes(answer.status)) return show("refused");
    if (!answer.ok) return show("out-of-reach");
    const { tenantId, tier, role, groups, userId, subject, projects } = await answer.json();
    fill(".projects", projects);
    show("signed-in", { tenantId, tier, role, groups: groups.join(", ") || "none", userId, subject });
  } catch (error) {
    if (error instanceof SignedOut) return door(OVER);
    show("out-of-reach");
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

/** What each form's answer is handed to. */
const ANSWERS = {
  "sign-in": ({ email, password }) => {
    address = email; // which a password manager keeps the new password for
    byPassword = new PasswordSignIn(addressOf(settings.cognitoAddress, config), config, email);
    return byPassword.begin(password);
  },
  "new-password": ({ password }) => byPassword.newPassword(password),
  authenticator: ({ code }) => byPassword.authenticator(code),
  code: ({ code }) => byPassword.code(code),
};

async function answer(section, form) {
  try {
    const { tokens, question, secret } = await ANSWERS[section](Object.fromEntries(new FormData(form)));
    form.reset();
    if (!tokens) return show(question, { secret, email: address });
    session.keep(tokens);
    await welcome();
  } catch (error) {
    say(WORDED.includes(error.name) ? error.message : (REFUSALS[error.name] ?? UNKNOWN));
  }
}

/** Show a section and no other, with its texts; whoever listens to the page hears its heading. */
function show(name, texts = {}, words = "") {
  for (const section of main.querySelectorAll("section")) section.hidden = section.id !== name;
  const section = document.getElementById(name);
  for (const place of section.querySelectorAll("[data-of]")) place.textContent = texts[place.dataset.of] ?? "";
  for (const input of section.querySelectorAll("[data-value-of]")) input.value = texts[input.dataset.valueOf] ?? "";
  document.title = `${section.querySelector("h1").textContent} · Sample product`;
  main.setAttribute("aria-busy", name === "resolving");
  say(words);
  (section.querySelector("input:not([readonly])") ?? section.querySelector("h1")).focus();
}

function say(words) {
  problem.textContent = words;
  problem.hidden = !words;
}

function fill(list, contents) {
  const items = contents.map((content) => {
    const item = document.createElement("li");
    item.append(content); // a text stays text
    return item;
  });
  main.querySelector(list).replaceChildren(...items);
}

/** Do one thing at a time. */
async function busy(act) {
  const buttons = [...main.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    await act();
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

for (const form of main.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(() => answer(form.closest("section").id, form));
  });
}
const DOES = { begin, signOut };
for (const button of main.querySelectorAll("[data-does]")) {
  button.addEventListener("click", () => busy(DOES[button.dataset.does]));
}
addEventListener("pageshow", (event) => event.persisted && location.reload()); // what was kept may be signed out since
begin();
