/**
 * Signing in without the SDK: three fields to the account API, and the answer to whatever it asks for first.
 *
 * An app or a server does the same by any HTTP client. The password goes to the account API; by `password.js` it never
 * leaves the page.
 */
import { asKept } from "./addresses.js";

const QUESTIONS = { NEW_PASSWORD_REQUIRED: "new-password", MFA_SETUP: "authenticator", SOFTWARE_TOKEN_MFA: "code" };

/** Somebody signs in; every step gives either tokens or the next question. */
export class SignInWithoutSdk {
  #account;
  #email;
  #session;

  constructor(account, email) {
    this.#account = account;
    this.#email = asKept(email);
  }

  async begin(password) {
    return this.#step(await this.#account.signIn(this.#email, password));
  }

  newPassword(newPassword) {
    return this.#answer({ newPassword });
  }

  code(code) {
    return this.#answer({ code });
  }

  authenticator(code) {
    return this.#answer({ code });
  }

  async #answer(answers) {
    return this.#step(await this.#account.answer(this.#session, answers));
  }

  #step(answered) {
    if (!answered.challenge) return { tokens: { ...tokensOf(answered), withoutSdk: true } };
    const question = QUESTIONS[answered.challenge];
    if (!question) throw new Error("This page knows no such question.");
    this.#session = answered.session;
    return { question, secret: answered.secretCode };
  }
}

/** The tokens of whoever signed in so, at the account API. */
export class AccountTokens {
  #account;

  constructor(account) {
    this.#account = account;
  }

  /** Return tokens for a refresh token; null when it is no longer good. */
  async renewed(refreshToken) {
    try {
      return tokensOf(await this.#account.refresh(refreshToken));
    } catch (error) {
      if (error.kind === "not-signed-in") return null;
      throw error;
    }
  }

  /** Take a refresh token back, and the access tokens that came of it. */
  async revoke(refreshToken) {
    await this.#account.signOut(refreshToken);
  }
}

function tokensOf({ accessToken: access, idToken: id, refreshToken: refresh, expiresIn: lasts }) {
  return { access, id, refresh, lasts };
}
