import type { WorkObserver } from './work.ts';

/** Part of the event loop's time that pages have where they are asked for without end. */
const SHARE = 0.1;

/** Milliseconds of work that may be saved up: so much is done at once where there was little before. */
const MOST_SAVED = 1000;

/** Most milliseconds that a page waits, however much the ones before it have taken. */
const LONGEST_WAIT = 1000;

/**
 * Keeps a flood of scrapes from taking the event loop from the service: who asks when the budget is spent waits a little, with
 * all who ask meanwhile, and they share a page. Scrapers, which ask every few seconds, never wait.
 */
export class PageBudget implements WorkObserver {
  #left = MOST_SAVED;
  #at = performance.now();

  beginWork(): () => void {
    const since = performance.now();
    return () => {
      const now = performance.now();
      this.#left = Math.max(this.#saved() - (now - since), -LONGEST_WAIT * SHARE);
      this.#at = now;
    };
  }

  /** Settles when there may be a page. */
  async turn(): Promise<void> {
    const debt = -this.#saved();
    if (debt > 0) await new Promise((resolve) => setTimeout(resolve, debt / SHARE).unref());
  }

  #saved(): number {
    return Math.min(this.#left + (performance.now() - this.#at) * SHARE, MOST_SAVED);
  }
}
