/** The two calls of Cognito's API that a signed-in page makes by itself: a new token, and taking the old ones back. */
const ANSWER_MILLISECONDS = 10_000;
const TARGET = "AWSCognitoIdentityProviderService";

/** What Cognito refused, by the name that its API gives it. */
class Refused extends Error {
  constructor({ __type: type = "", message = "" }) {
    super(message);
    this.name = type.split("#").at(-1);
  }
}

/** The tokens of an app client, at Cognito itself. */
export class CognitoTokens {
  #address;
  #clientId;

  constructor(address, clientId) {
    this.#address = address;
    this.#clientId = clientId;
  }

  /** Return tokens for a refresh token; null when it is no longer good. */
  async renewed(refreshToken) {
    const parameters = { REFRESH_TOKEN: refreshToken };
    const asked = { ClientId: this.#clientId, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: parameters };
    try {
      const { AuthenticationResult: tokens } = await call(this.#address, "InitiateAuth", asked);
      return { access: tokens.AccessToken, id: tokens.IdToken, refresh: refreshToken, lasts: tokens.ExpiresIn };
    } catch (error) {
      if (error instanceof Refused && error.name === "NotAuthorizedException") return null;
      throw error;
    }
  }

  /** Take a refresh token back, and the access tokens that came of it. */
  async revoke(refreshToken) {
    await call(this.#address, "RevokeToken", { ClientId: this.#clientId, Token: refreshToken });
  }
}

async function call(address, operation, asked) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `${TARGET}.${operation}` },
    body: JSON.stringify(asked),
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    credentials: "omit",
  });
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(document);
  return document;
}
