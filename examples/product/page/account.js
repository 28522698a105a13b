/** The account API: what somebody who is not signed in may ask for, how a session goes on, and what its problems mean. */
const ANSWER_MILLISECONDS = 15_000;

/**
 * A request that was not done: `kind` says which problem it is, `wrong` what is wrong with which field, `afterSeconds` when
 * to try again if the API says so.
 */
export class Problem extends Error {
  constructor(answer, { type = "", errors = [] }) {
    super(`The account API answered with status ${answer?.status}.`);
    this.kind = answer?.status === 429 ? "too-many" : type.split(":").at(-1);
    this.afterSeconds = Number(answer?.headers.get("Retry-After"));
    this.wrong = {};
    for (const { pointer, detail } of errors) (this.wrong[pointer.split("/").at(-1)] ??= []).push(asSentence(detail));
  }
}

export class AccountApi {
  #address;
  #host;

  /** `host` says whose people: the name of this page's own host. */
  constructor(address, host) {
    this.#address = address;
    this.#host = host;
  }

  /** Ask for the mail by which one becomes a user; the answer is the same whether there will be one or not. */
  register(email, name) {
    return this.#ask("register", name ? { email, name } : { email });
  }

  /** Ask for the mail by which one sets another password; the answer is the same for every address. */
  forgotPassword(email) {
    return this.#ask("forgot-password", { email });
  }

  /** Become a user, by the secret of a link. */
  confirm(token, password) {
    return this.#ask("confirm", { token, password });
  }

  /** Set another password, by the secret of a link. */
  resetPassword(token, password) {
    return this.#ask("reset-password", { token, password });
  }

  /** Sign in by address and password; the answer has tokens, or what must be answered first. */
  signIn(email, password) {
    return this.#ask("sign-in", { email, password });
  }

  /** Answer what was asked for first; the answer is as at `signIn`. */
  answer(session, answers) {
    return this.#ask("challenge", { session, answers });
  }

  /** Get new tokens for a refresh token, which stays good. */
  refresh(refreshToken) {
    return this.#ask("refresh", { refreshToken });
  }

  /** End the session of a refresh token, whatever that is. */
  signOut(refreshToken) {
    return this.#ask("sign-out", { refreshToken });
  }

  #ask(what, said) {
    return ask("POST", `${this.#address}/auth/${what}`, { host: this.#host, ...said });
  }
}

/** Ask the account API; returns its answer, without a body an empty one, and throws a Problem for any that is none. */
export async function ask(method, address, said, headers = {}) {
  const answer = await fetch(address, {
    method,
    headers: said ? { ...headers, "Content-Type": "application/json" } : headers,
    body: said && JSON.stringify(said),
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    credentials: "omit",
    cache: "no-store",
  }).catch(() => undefined);
  const document = answer?.status === 204 ? {} : await answer?.json().catch(() => undefined);
  if (!answer?.ok || !document) throw new Problem(answer, document ?? {});
  return document;
}

/** The API says of a password what it needs, and of other fields what they must be. */
function asSentence(detail) {
  return /^[A-Z]/.test(detail) ? detail : `This ${detail}.`;
}
