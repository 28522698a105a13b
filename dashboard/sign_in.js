/**
 * Signing in to the operators' user pool: authorization code with PKCE, silent refresh, sign-out.
 *
 * The tokens are in the tab's session storage, so that a reload needs no new sign-in. No other site can read them; a
 * tab that is duplicated, or opened again after it was closed, has them too, as it would have the page. What could read
 * them besides is a script of somebody else's in this page, which the content security policy keeps out; it could ask
 * for new ones as well if they were in memory only. A cookie would be sent by itself with every request, and the API
 * would need a guard against forged ones.
 */
import * as oauth from "./vendor/oauth4webapi/index.js";

const TOKENS = "onboarding.tokens";
const SIGNING_IN = "onboarding.signingIn";
const BEFORE_EXPIRY_SECONDS = 60;
const ROLES = { operators: "operator", viewers: "viewer" };
const ANSWER_MILLISECONDS = 10_000;
const REVOKE_MILLISECONDS = 2_000;

export class SignedOut extends Error {}

export class Session {
  #server;
  #client;
  #address;
  #options;
  #tokens = null;
  #refreshing = null;

  constructor({ address, clientId, issuer, signInAddress }) {
    this.#address = address;
    this.#server = {
      issuer,
      authorization_endpoint: `${signInAddress}/oauth2/authorize`,
      token_endpoint: `${signInAddress}/oauth2/token`,
      revocation_endpoint: `${signInAddress}/oauth2/revoke`,
      end_session_endpoint: `${signInAddress}/logout`,
    };
    this.#client = { client_id: clientId, [oauth.clockTolerance]: BEFORE_EXPIRY_SECONDS };
    this.#options = {
      [oauth.allowInsecureRequests]: isLoopback(signInAddress),
      signal: () => AbortSignal.timeout(ANSWER_MILLISECONDS),
    };
    this.remember();
  }

  /** Who is signed in: the address, the role, and whether they may act; null if nobody is. */
  get user() {
    if (!this.#tokens) return null;
    const role = Object.keys(ROLES).find((group) => this.#tokens.groups.includes(group));
    return { email: this.#tokens.email, role: ROLES[role] ?? "in no group", isOperator: role === "operators" };
  }

  /** Read what the tab has kept; tells whether somebody is signed in. */
  remember() {
    this.#tokens = JSON.parse(sessionStorage.getItem(TOKENS));
    return this.user !== null;
  }

  /** Go on after a reload, or after Cognito led back here; tells whether somebody is signed in. */
  async resume() {
    const here = new URL(location.href);
    if (here.searchParams.has("code") || here.searchParams.has("error")) await this.#comeBack(here);
    return this.user !== null;
  }

  /** Leave for Cognito's sign-in page, which leads back to where one is now. */
  async signIn() {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    sessionStorage.setItem(SIGNING_IN, JSON.stringify({ verifier, state, nonce, place: location.hash }));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.#client.client_id,
      redirect_uri: this.#address,
      scope: "openid email",
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    location.assign(`${this.#server.authorization_endpoint}?${query}`);
  }

  /** Forget the tokens, take the refresh token back, and end Cognito's own session. */
  async signOut() {
    const refresh = this.#tokens?.refresh;
    this.#forget();
    if (refresh) {
      await oauth
        .revocationRequest(this.#server, this.#client, oauth.None(), refresh, {
          ...this.#options,
          signal: AbortSignal.timeout(REVOKE_MILLISECONDS),
        })
        .catch(() => {}); // it runs out by itself
    }
    const query = new URLSearchParams({ client_id: this.#client.client_id, logout_uri: this.#address });
    location.assign(`${this.#server.end_session_endpoint}?${query}`);
  }

  /** Return an access token that is still good for a while; throws SignedOut when there can be none. */
  async token() {
    if (!this.#tokens) throw new SignedOut();
    if (Date.now() < this.#tokens.expiresAt) return this.#tokens.access;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
    await this.#refreshing;
    return this.#tokens.access;
  }

  /** Forget an access token that the API refused; the next is asked for with the refresh token. */
  refused() {
    if (this.#tokens) this.#tokens.expiresAt = 0;
  }

  async #comeBack(here) {
    const begun = JSON.parse(sessionStorage.getItem(SIGNING_IN) ?? "{}");
    sessionStorage.removeItem(SIGNING_IN);
    history.replaceState(null, "", `${here.pathname}${begun.place ?? ""}`);
    const granted = oauth.validateAuthResponse(this.#server, this.#client, here, begun.state ?? oauth.generateRandomState());
    const response = await oauth.authorizationCodeGrantRequest(
      this.#server, this.#client, oauth.None(), granted, this.#address, begun.verifier, this.#options,
    );
    this.#keep(
      await oauth.processAuthorizationCodeResponse(this.#server, this.#client, response, {
        expectedNonce: begun.nonce,
        requireIdToken: true,
      }),
    );
  }

  async #refresh() {
    const response = await oauth.refreshTokenGrantRequest(
      this.#server, this.#client, oauth.None(), this.#tokens.refresh, this.#options,
    );
    try {
      this.#keep(await oauth.processRefreshTokenResponse(this.#server, this.#client, response));
    } catch (error) {
      if (error.error !== "invalid_grant") throw error; // Cognito is busy, not unwilling
      this.#forget();
      throw new SignedOut();
    }
  }

  #keep(answer) {
    const identity = oauth.getValidatedIdTokenClaims(answer);
    this.#tokens = {
      access: answer.access_token,
      refresh: answer.refresh_token ?? this.#tokens.refresh,
      groups: claims(answer.access_token)["cognito:groups"] ?? [],
      email: identity?.email ?? this.#tokens?.email ?? "",
      expiresAt: Date.now() + (answer.expires_in - BEFORE_EXPIRY_SECONDS) * 1000,
    };
    sessionStorage.setItem(TOKENS, JSON.stringify(this.#tokens));
  }

  #forget() {
    this.#tokens = null;
    sessionStorage.removeItem(TOKENS);
  }
}

/** What a token says, to show fitting buttons; what its holder may do is the API's to judge. */
function claims(token) {
  const [, payload] = token.split(".");
  const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function isLoopback(address) {
  return ["127.0.0.1", "[::1]", "localhost"].includes(new URL(address).hostname);
}
