/**
 * The tokens of whoever is signed in, however they signed in.
 *
 * They are in the tab's session storage, so that a reload needs no new sign-in. Each tenant's address has its own. No
 * other site can read them; what could besides is a script of somebody else's in this page, which the content security
 * policy keeps out, and which could ask for new ones as well if they were in memory only. A cookie would be sent by
 * itself with every request, and the API would need a guard against forged ones.
 */
const TOKENS = "product.tokens";
const BEFORE_EXPIRY_SECONDS = 60;

export class SignedOut extends Error {}

export class Session {
  #bySdk;
  #byAccount;
  #tokenUse;
  #renewal = null;
  #tokens = JSON.parse(sessionStorage.getItem(TOKENS));

  /** Tokens are renewed and revoked where they came from: at Cognito (`bySdk`), or at the account API (`byAccount`). */
  constructor(bySdk, byAccount, tokenUse) {
    this.#bySdk = bySdk;
    this.#byAccount = byAccount;
    this.#tokenUse = tokenUse;
  }

  get isSignedIn() {
    return this.#tokens !== null;
  }

  /** Keep the tokens of a sign-in; `lasts` is in seconds. */
  keep({ access, id, refresh, lasts, byProvider = false, withoutSdk = false }) {
    const expiresAt = Date.now() + (lasts - BEFORE_EXPIRY_SECONDS) * 1000;
    this.#tokens = { access, id, refresh, byProvider, withoutSdk, expiresAt };
    sessionStorage.setItem(TOKENS, JSON.stringify(this.#tokens));
  }

  /** Return the token that APIs take, renewed if it is about to run out; throws SignedOut when there can be none. */
  async token() {
    if (!this.#tokens) throw new SignedOut();
    if (Date.now() >= this.#tokens.expiresAt) {
      this.#renewal ??= this.#renew().finally(() => { this.#renewal = null; }); // once, for all who wait
      await this.#renewal;
    }
    return this.#tokens[this.#tokenUse];
  }

  /** Forget the tokens here and take them back where they are from; tells whether a provider had signed the person in. */
  async end() {
    const { refresh, byProvider, withoutSdk } = this.#tokens ?? {};
    this.forget();
    if (refresh) await this.#issuer(withoutSdk).revoke(refresh).catch(() => {}); // it runs out by itself
    return byProvider === true;
  }

  forget() {
    this.#tokens = null;
    sessionStorage.removeItem(TOKENS);
  }

  async #renew() {
    const { refresh, byProvider, withoutSdk } = this.#tokens;
    const tokens = await this.#issuer(withoutSdk).renewed(refresh);
    if (tokens) return this.keep({ ...tokens, byProvider, withoutSdk });
    this.forget();
    throw new SignedOut();
  }

  #issuer(withoutSdk) {
    return withoutSdk ? this.#byAccount : this.#bySdk;
  }
}
