import { context } from '@opentelemetry/api';
import { type ClientOptions, ErrorClient, MOST_WAITING } from './client.ts';
import type { Failure } from './failure.ts';
import { postNow, type RunInExit } from './last-moment.ts';
import { LostEvent } from './transport.ts';

/** Milliseconds that an error waits, for the end of its request that tells the status. */
const LONGEST_WAIT = 2_000;

export interface SentryLinkOptions extends ClientOptions {
  /** For what is left when the process ends. */
  readonly runInExit: RunInExit;
}

/** Reports errors to Sentry, each once, with their traces. */
export class SentryLink {
  readonly what = 'errors';
  readonly #client: ErrorClient;
  readonly #options: SentryLinkOptions;
  readonly #told = new WeakSet<object>();
  readonly #toldOf = new WeakMap<object, unknown>();
  /** Errors of requests that are not over, with what reports them. */
  readonly #waiting = new Set<() => void>();
  #isOff = false;

  /** @throws Error when the DSN is none */
  constructor(options: SentryLinkOptions) {
    this.#options = options;
    this.#client = new ErrorClient(options);
  }

  /** Whether there is something left to send. */
  get isWaiting(): boolean {
    return this.#waiting.size + this.#client.transport.sending > 0;
  }

  /** Leaves all errors to the service's own Sentry. */
  switchOff(): void {
    this.#isOff = true;
  }

  /** Reports an error, unless it was reported before. */
  report(failure: Failure): void {
    if (this.#isOff || this.#wasTold(failure)) return;
    if (this.#waiting.size + this.#client.transport.sending < MOST_WAITING) this.#reportInTime(failure);
    else this.#options.outcome(new LostEvent('too many of them wait', 'queue_full'));
  }

  /** Sends what waits. */
  async forceFlush(): Promise<void> {
    for (const report of this.#waiting) report();
    await this.#client.transport.flush();
  }

  /**
   * Sends what waits, for a process that runs no further.
   *
   * @param longest in milliseconds
   */
  sendBeforeExit(longest: number): void {
    for (const report of this.#waiting) report();
    const posts = this.#client.transport.takeUnwritten();
    if (posts.bodies.length === 0) return;
    const wereTaken = postNow(posts, this.#options.runInExit, longest);
    const failure = wereTaken ? undefined : new LostEvent('not before the process ended', 'process_end');
    for (const _ of posts.bodies) this.#options.outcome(failure);
  }

  #reportInTime(failure: Failure): void {
    const report = () => {
      if (!this.#waiting.delete(report)) return;
      clearTimeout(timer);
      try {
        context.with(failure.context, () => this.#client.capture(failure));
      } catch {
        // An error may be an object that fails when it is looked at.
        this.#options.outcome(new LostEvent('one cannot be read', 'unreadable'));
      }
    };
    const timer = setTimeout(report, LONGEST_WAIT).unref();
    this.#waiting.add(report);
    failure.when(report);
  }

  /** Layers of a framework are given an error one after the other, and what they do not handle may come here once more. */
  #wasTold({ error, request }: Failure): boolean {
    if (typeof error === 'object' && error !== null) {
      if (this.#told.has(error)) return true;
      this.#told.add(error);
    } else if (request) {
      if (this.#toldOf.has(request.identity) && this.#toldOf.get(request.identity) === error) return true;
      this.#toldOf.set(request.identity, error);
    }
    return false;
  }
}
