/** Signing in at the company's own identity provider: authorization code with PKCE, by way of Cognito's addresses. */
import * as oauth from "./vendor/oauth4webapi/index.js";

const SIGNING_IN = "product.signingIn";
const SCOPES = "openid email profile";
const ANSWER_MILLISECONDS = 10_000;

export class ProviderSignIn {
  #server;
  #client;
  #back;
  #home;
  #options;

  /** `address` is where the user pool's endpoints are, `callbackPath` where they lead back to. */
  constructor(address, callbackPath, { appClientId, issuer, signInAddress }) {
    this.#server = {
      issuer,
      authorization_endpoint: `${address}/oauth2/authorize`,
      token_endpoint: `${address}/oauth2/token`,
      end_session_endpoint: `${address}/logout`,
    };
    this.#client = { client_id: appClientId };
    this.#back = `${signInAddress}${callbackPath}`;
    this.#home = `${signInAddress}/`;
    this.#options = {
      [oauth.allowInsecureRequests]: new URL(address).hostname === "localhost",
      signal: () => AbortSignal.timeout(ANSWER_MILLISECONDS),
    };
  }

  /** Leave for a provider, by its name in Cognito. */
  async leave(provider) {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    sessionStorage.setItem(SIGNING_IN, JSON.stringify({ verifier, state, nonce }));
    const query = new URLSearchParams({
      client_id: this.#client.client_id,
      response_type: "code",
      scope: SCOPES,
      redirect_uri: this.#back,
      identity_provider: provider,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    location.assign(`${this.#server.authorization_endpoint}?${query}`);
  }

  /** Return the tokens for the code in the address; throws if this tab did not ask for it. */
  async comeBack() {
    const begun = JSON.parse(sessionStorage.getItem(SIGNING_IN) ?? "{}");
    sessionStorage.removeItem(SIGNING_IN);
    const here = new URL(location.href);
    history.replaceState(null, "", "/");
    const expected = begun.state ?? oauth.generateRandomState();
    const granted = oauth.validateAuthResponse(this.#server, this.#client, here, expected);
    const response = await oauth.authorizationCodeGrantRequest(
      this.#server, this.#client, oauth.None(), granted, this.#back, begun.verifier, this.#options,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(this.#server, this.#client, response, {
      expectedNonce: begun.nonce,
      requireIdToken: true,
    });
    const { access_token: access, id_token: id, refresh_token: refresh, expires_in: lasts } = tokens;
    return { access, id, refresh, lasts, byProvider: true };
  }

  /** Leave for the end of Cognito's own session, which leads back here. */
  leaveForGood() {
    const query = new URLSearchParams({ client_id: this.#client.client_id, logout_uri: this.#home });
    location.assign(`${this.#server.end_session_endpoint}?${query}`);
  }
}

/** Tells whether the address is one that a sign-in led back to. */
export function isBack() {
  const query = new URLSearchParams(location.search);
  return query.has("code") || query.has("error");
}
