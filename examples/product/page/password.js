/**
 * Signing in by password, which never leaves the page: SRP proves that one knows it.
 *
 * Every step gives either tokens or the next question. The library would keep tokens in local storage by itself; it
 * gets a storage of its own that ends with the page.
 */
import { asKept } from "./addresses.js";
import "./vendor/amazon-cognito-identity-js/amazon-cognito-identity.min.js";

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = globalThis.AmazonCognitoIdentity;
const APP = "Sample product";

export class PasswordSignIn {
  #user;

  constructor(address, { tenantId, userPoolId, appClientId, userNameTemplate }, email) {
    const places = { "{tenantId}": tenantId, "{email}": asKept(email) };
    const name = userNameTemplate.replace(/\{\w+\}/g, (place) => places[place]);
    const storage = new MemoryStorage();
    const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: appClientId, endpoint: address, Storage: storage });
    this.#user = new CognitoUser({ Username: name, Pool: pool, Storage: storage });
  }

  begin(password) {
    const details = new AuthenticationDetails({ Username: this.#user.getUsername(), Password: password });
    return this.#step((callbacks) => this.#user.authenticateUser(details, callbacks));
  }

  newPassword(password) {
    return this.#step((callbacks) => this.#user.completeNewPasswordChallenge(password, {}, callbacks));
  }

  code(code) {
    return this.#step((callbacks) => this.#user.sendMFACode(code, callbacks, "SOFTWARE_TOKEN_MFA"));
  }

  authenticator(code) {
    return this.#step((callbacks) => this.#user.verifySoftwareToken(code, APP, callbacks));
  }

  #step(take) {
    return new Promise((resolve, reject) => {
      const callbacks = {
        onSuccess: (session) => resolve({ tokens: tokensOf(session) }),
        onFailure: reject,
        newPasswordRequired: () => resolve({ question: "new-password" }),
        totpRequired: () => resolve({ question: "code" }),
        mfaSetup: () => this.#user.associateSoftwareToken(callbacks),
        associateSecretCode: (secret) => resolve({ question: "authenticator", secret }),
        mfaRequired: () => reject(new Error("This page knows no codes by text message.")),
        selectMFAType: () => reject(new Error("This page knows no choice of codes.")),
        customChallenge: () => reject(new Error("This page knows no such question.")),
      };
      take(callbacks);
    });
  }
}

class MemoryStorage {
  #items = new Map();
  setItem(name, value) { this.#items.set(name, value); }
  getItem(name) { return this.#items.get(name) ?? null; }
  removeItem(name) { this.#items.delete(name); }
  clear() { this.#items.clear(); }
}

function tokensOf(session) {
  const access = session.getAccessToken();
  return {
    access: access.getJwtToken(),
    id: session.getIdToken().getJwtToken(),
    refresh: session.getRefreshToken().getToken(),
    lasts: access.getExpiration() - access.getIssuedAt(),
  };
}
