import { familiesAskedFor } from './families.ts';
import { History } from './history.ts';
import { parseOpenMetrics } from './openmetrics.ts';
import { Reading } from './reading.ts';

/** Names are written without what only newer versions of Prometheus read, whatever the agent is set to. */
const ACCEPT = 'application/openmetrics-text; version=1.0.0; escaping=underscores';

const TIMEOUT = 10_000;

/** Milliseconds until a process that does not answer is asked again. */
const RETRY = 2000;

/** The share of time that reading pages may take: large ones, and those of a process that is slow to answer, are read less often. */
const SHARE = 0.15;

const LONGEST_INTERVAL = 20_000;

/** Readings that follow each other later than this many intervals leave a gap. */
const GAP = 3.5;

/** A process whose page of metrics is read again and again. */
export class Source {
  readonly name: string;
  /** The URL of its own page, where this is an overview. */
  readonly page: string | undefined;
  history = new History();
  /** Why there is no answer now, and since when in milliseconds since the Unix epoch. */
  lost: { readonly reason: string; readonly since: number } | undefined;
  /** Milliseconds between two readings. */
  interval: number;
  readonly #url: URL;
  readonly #shortest: number;
  #tookBefore = 0;

  /**
   * @param url of the metrics, relative to the page
   * @param shortest milliseconds between two readings
   */
  constructor(url: string, shortest: number, name = '', page?: string) {
    this.name = name;
    this.page = page;
    this.#url = new URL(url, document.baseURI);
    this.#url.search = String(familiesAskedFor());
    // A page that was opened with them in its URL would be refused the request.
    this.#url.username = '';
    this.#url.password = '';
    this.#shortest = shortest;
    this.interval = shortest;
  }

  /** The name that the process has given itself. */
  get title(): string {
    return this.name || (this.history.latest?.labels('target')[0]?.get('service_name') ?? '');
  }

  /** Reads it for as long as `wanted` lets it: `changed` is told of each reading, and of each that failed. */
  async follow(wanted: () => Promise<void>, changed: () => void): Promise<never> {
    for (;;) {
      await wanted();
      const start = performance.now();
      try {
        await this.#read();
        this.lost = undefined;
        this.#setInterval(performance.now() - start);
      } catch (error) {
        this.lost = { reason: reasonOf(error), since: this.lost?.since ?? Date.now() };
        this.interval = Math.max(this.#shortest, RETRY);
      }
      changed();
      await new Promise((resolve) => setTimeout(resolve, this.interval - (performance.now() - start)));
    }
  }

  /** @param took milliseconds; a single reading that took long changes nothing */
  #setInterval(took: number): void {
    const usual = Math.min(took, this.#tookBefore);
    this.#tookBefore = took;
    this.interval = Math.min(Math.max(this.#shortest, usual / SHARE), LONGEST_INTERVAL);
  }

  async #read(): Promise<void> {
    const answer = await fetch(this.#url, {
      headers: { Accept: ACCEPT },
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, text);
    const reading = new Reading(parseOpenMetrics(text), Date.now(), this.history.latest);
    this.history.add(reading, (this.interval * GAP) / 1000);
  }
}

class Refused extends Error {
  constructor(status: number, text: string) {
    super(
      status === 401
        ? '401: it wants a user and a password; load this page again to give them'
        : text.trim().slice(0, 200) || `status ${status}`,
    );
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${TIMEOUT / 1000} s`;
  if (error instanceof TypeError) return 'no connection';
  return String(error instanceof Error ? error.message : error);
}
