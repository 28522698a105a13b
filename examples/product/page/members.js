/** A tenant's people at the account API, for whoever is signed in. The token says whose people; the API decides who may. */
import { ask } from "./account.js";
import { SignedOut } from "./session.js";

export class Members {
  #address;
  #session;

  constructor(address, session) {
    this.#address = `${address}/users`;
    this.#session = session;
  }

  /** Return oneself, as the tenant's register has one. */
  me() {
    return this.#ask("GET", "/me");
  }

  /** Return some people whose address or name begins with a text, and the cursor for the next; null after the last. */
  list(search, cursor) {
    const query = new URLSearchParams({ search, ...(cursor && { cursor }) });
    return this.#ask("GET", `?${query}`);
  }

  /** Invite somebody, and return who that is then. */
  invite(email, name, role) {
    return this.#ask("POST", "", { email, role, ...(name && { name }) });
  }

  /** Give somebody another `role`, or another `status`, `ACTIVE` or `DISABLED`; return who that is then. */
  change({ userId }, changed) {
    return this.#ask("PATCH", `/${encodeURIComponent(userId)}`, changed);
  }

  /** Remove somebody for good; of somebody who has not confirmed yet, the invitation ends. */
  remove({ userId }) {
    return this.#ask("DELETE", `/${encodeURIComponent(userId)}`);
  }

  /** Mail another link to somebody who has not confirmed yet. */
  resend({ userId }) {
    return this.#ask("POST", `/${encodeURIComponent(userId)}/resend-invitation`);
  }

  /** Throws SignedOut if the token is no longer good, and Problem for any other answer that is one. */
  async #ask(method, path, said) {
    const token = await this.#session.token();
    return ask(method, this.#address + path, said, { Authorization: `Bearer ${token}` }).catch((problem) => {
      throw problem.kind === "not-signed-in" ? new SignedOut() : problem;
    });
  }
}
