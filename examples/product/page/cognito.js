/** The two calls of Cognito's API that a signed-in page makes by itself: a new token, and taking the old ones back. */
const ANSWER_MILLISECONDS = 10_000;
const TARGET = "AWSCognitoIdentityProviderService";

/** What Cognito refused, by the name that its API gives it. */
export class Refused extends Error {
  constructor({ __type: type = "", message = "" }) {
    super(message);
    this.name = type.split("#").at(-1);
  }
}

/** Return tokens for a refresh token; throws Refused when it is no longer good. */
export async function renewed(address, clientId, refreshToken) {
  const asked = { ClientId: clientId, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: { REFRESH_TOKEN: refreshToken } };
  const { AuthenticationResult: tokens } = await call(address, "InitiateAuth", asked);
  return { access: tokens.AccessToken, id: tokens.IdToken, refresh: refreshToken, lasts: tokens.ExpiresIn };
}

/** Take a refresh token back, and the access tokens that came of it. */
export async function revoke(address, clientId, refreshToken) {
  await call(address, "RevokeToken", { ClientId: clientId, Token: refreshToken });
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
