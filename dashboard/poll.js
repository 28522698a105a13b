/**
 * Loads a document anew at an interval: one call each time, none while the tab is hidden, and after a failure less
 * and less often.
 */
const SLOWEST_SECONDS = 60;

export class Poll {
  #load;
  #seconds;
  #loaded;
  #failed;
  #timer = null;
  #failures = 0;
  #running = null;
  #dueAt = 0;

  /**
   * @param load    returns a promise of the document
   * @param seconds returns how long to wait after a document
   * @param loaded  is told each document
   * @param failed  is told each error, and in how many seconds the next try is
   */
  constructor({ load, seconds, loaded, failed }) {
    this.#load = load;
    this.#seconds = seconds;
    this.#loaded = loaded;
    this.#failed = failed;
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** Load now, and from then on at the interval; the promise ends with this load. */
  now() {
    clearTimeout(this.#timer);
    const run = (this.#running = this.#run(() => this.#running === run));
    return run;
  }

  stop() {
    clearTimeout(this.#timer);
    this.#running = null;
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  async #run(isLatest) {
    await null; // so that isLatest knows this run
    let wait;
    try {
      const found = await this.#load();
      if (!isLatest()) return;
      this.#failures = 0;
      this.#loaded(found);
      wait = this.#seconds(found);
    } catch (error) {
      if (!isLatest()) return;
      this.#failures += 1;
      wait = Math.min(SLOWEST_SECONDS, Math.max(error.retryAfter ?? 0, 2 ** this.#failures));
      this.#failed(error, wait);
    }
    if (!isLatest()) return; // told of it, somebody stopped it
    this.#dueAt = Date.now() + wait * 1000;
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.now(), Math.max(0, this.#dueAt - Date.now()));
  }

  #onVisibility = () => {
    if (document.hidden) clearTimeout(this.#timer);
    else if (this.#dueAt) this.#schedule();
  };
}
