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
  #dueAt = Infinity;

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

  /** Load now, or as soon as somebody can see it, and from then on at the interval. */
  now() {
    clearTimeout(this.#timer);
    this.#dueAt = Date.now();
    if (!document.hidden) this.#run((this.#running = Symbol("run")));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#running = null;
    this.#dueAt = Infinity;
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  async #run(mine) {
    this.#dueAt = Infinity; // until this run has ended nothing is due
    const isLatest = () => this.#running === mine;
    try {
      const found = await this.#load();
      if (!isLatest()) return;
      this.#failures = 0;
      this.#wait(this.#seconds(found));
      this.#loaded(found);
    } catch (error) {
      if (!isLatest()) return;
      if (this.#dueAt < Infinity) throw error; // it came and cannot be shown; the next may be
      this.#failures += 1;
      const seconds = Math.min(SLOWEST_SECONDS, Math.max(error.retryAfter ?? 0, 2 ** this.#failures));
      this.#wait(seconds);
      this.#failed(error, seconds);
    }
  }

  #wait(seconds) {
    this.#dueAt = Date.now() + seconds * 1000;
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (!document.hidden && this.#dueAt < Infinity)
      this.#timer = setTimeout(() => this.now(), Math.max(0, this.#dueAt - Date.now()));
  }

  #onVisibility = () => {
    if (document.hidden) clearTimeout(this.#timer);
    else this.#schedule();
  };
}
