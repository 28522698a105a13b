/** The status API, as the page uses it: every answer is a document or a Problem. */
import { SignedOut } from "./sign_in.js";

const ANSWER_MILLISECONDS = 35_000; // longer than a function of the API may take

/** What went wrong, in words for who reads the page. */
export class Problem extends Error {
  constructor({ status, detail, retryAfter = 0 }) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request can never do better. */
  get isLasting() {
    return [400, 403, 404].includes(this.status);
  }
}

export class Api {
  #session;
  #base;

  constructor(session, base) {
    this.#session = session;
    this.#base = base;
  }

  /** A page of tenants and, with it, how all of them stand. */
  tenants(filters) {
    return this.#get("onboardings", { ...filters, summary: "true" });
  }

  /** A page of tenants alone. */
  list(filters) {
    return this.#get("onboardings", filters);
  }

  tenant(tenantId) {
    return this.#get(`onboardings/${encodeURIComponent(tenantId)}`);
  }

  rejections(cursor) {
    return this.#get("rejections", { cursor });
  }

  /** One rejected event with all that is kept of it, for operators; `tenantId` is what it names, if it names one. */
  rejection(eventId, tenantId) {
    return this.#get(`rejections/${encodeURIComponent(eventId)}`, { tenantId });
  }

  /** Let a tenant go on; `redo` is a step to be done again although it is done. */
  retry(tenantId, redo) {
    const how = redo ? `?${new URLSearchParams({ redo })}` : "";
    return this.#send("POST", `onboardings/${encodeURIComponent(tenantId)}/retry${how}`);
  }

  resendWelcome(tenantId) {
    return this.#send("POST", `onboardings/${encodeURIComponent(tenantId)}/resend-welcome`);
  }

  #get(path, parameters = {}) {
    const given = Object.entries(parameters).filter(([, value]) => value);
    return this.#send("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path);
  }

  async #send(method, path) {
    let answer = await this.#fetch(method, path);
    if (answer.status === 401) { // the token ran out on the way, or was taken back
      this.#session.refused();
      answer = await this.#fetch(method, path);
    }
    if (answer.ok) return answer.json();
    if (answer.status === 401) throw new SignedOut();
    const document = await answer.json().catch(() => ({}));
    throw new Problem({
      status: answer.status,
      detail: document.detail ?? words(answer.status),
      retryAfter: Number(answer.headers.get("Retry-After")) || 0,
    });
  }

  async #fetch(method, path) {
    const headers = { Authorization: `Bearer ${await this.#token()}` };
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    return fetch(new URL(path, this.#base), { method, headers, signal, cache: "no-store" }).catch(() => {
      throw new Problem({ status: 0, detail: "The status API cannot be reached." });
    });
  }

  #token() {
    return this.#session.token().catch((error) => {
      if (error instanceof SignedOut) throw error;
      throw new Problem({ status: 0, detail: "The sign-in cannot be renewed at the moment. If it stays so, sign out and in again." });
    });
  }
}

function words(status) {
  return status === 429 ? "Too many requests at the moment." : `The status API answered with status ${status}.`;
}
