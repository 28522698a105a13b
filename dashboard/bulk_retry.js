/**
 * Retries the tenants that a list shows, one after the other, at the pace of `onboard retry --all-failed`.
 *
 * Each retry is a request of its own, which happens once. So whoever stops, reloads or leaves loses the report alone:
 * what was not tried is still FAILED, and the list shows it.
 */
import { Problem } from "./api.js";
import { SignedOut } from "./sign_in.js";
import { canRetry } from "./words.js";

const EACH_MILLISECONDS = 500; // the command's A_SECOND is 2
const MOST = 1000;
const A_PAGE = 100;
const REFUSED = [404, 409];
const IN_VAIN = [0, 403]; // whatever comes next would end so too

export class BulkRetry {
  #api;
  #changed;
  #run = null;

  /** @param changed is told whenever there is something else to be shown */
  constructor(api, changed) {
    this.#api = api;
    this.#changed = changed;
  }

  /** The run that is going on or has ended: what it tries and what became of each so far; null if there is none. */
  get run() {
    return this.#run;
  }

  /** Return whom a list's filters mean, those that failed first before the others; null once nobody wants to know. */
  async find(filters, isWanted) {
    const rows = [];
    let cursor, others = 0;
    do {
      const page = await this.#api.list({ ...filters, limit: A_PAGE, cursor });
      if (!isWanted()) return null;
      const failed = page.onboardings.filter(canRetry);
      others += page.onboardings.length - failed.length;
      rows.push(...failed);
      cursor = page.nextCursor;
    } while (cursor && rows.length < MOST);
    rows.sort((one, other) => (one.statusChangedAt < other.statusChangedAt ? -1 : 1));
    return { rows: rows.slice(-MOST), others, hasMore: Boolean(cursor) || rows.length > MOST };
  }

  /** Begin to retry; what becomes of each is in `run`. */
  start(rows) {
    this.stop();
    this.#run = { total: rows.length, results: [], isRunning: true, why: "" };
    this.#retry(this.#run, rows);
  }

  /** Try no other tenant; the one that is being tried is still told of. */
  stop() {
    if (this.#run?.isRunning) this.#end(this.#run, "Stopped.");
  }

  /** Forget what became of them. */
  forget() {
    this.stop();
    this.#run = null;
    this.#changed();
  }

  async #retry(run, rows) {
    for (const { tenantId, failure } of rows) {
      const begun = Date.now();
      const [result, wait] = await this.#try(tenantId, failure.redo);
      run.results.push(result);
      if (result.inVain) this.#end(run, result.message);
      if (run.results.length === run.total) this.#end(run, "");
      this.#changed();
      if (!run.isRunning) return;
      await new Promise((resolve) => setTimeout(resolve, Math.max(wait, begun + EACH_MILLISECONDS - Date.now())));
      if (!run.isRunning) return;
    }
  }

  /** Return what became of a tenant, and how many milliseconds the API wants to be left alone. */
  async #try(tenantId, redo) {
    try {
      const { message } = await this.#api.retry(tenantId, redo);
      return [{ tenantId, outcome: "retried", message }, 0];
    } catch (error) {
      const { status, retryAfter = 0 } = error;
      const message = error instanceof Problem ? error.message : "Your sign-in has run out.";
      const inVain = error instanceof SignedOut || IN_VAIN.includes(status);
      return [{ tenantId, outcome: REFUSED.includes(status) ? "refused" : "failed", message, inVain }, retryAfter * 1000];
    }
  }

  #end(run, why) {
    Object.assign(run, { isRunning: false, why: run.isRunning ? why : run.why });
    this.#changed();
  }
}
