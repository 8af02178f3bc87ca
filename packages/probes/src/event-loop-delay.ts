import { createHistogram, performance } from 'node:perf_hooks';
import type { OwnWork } from './own-work.ts';

/** Milliseconds between two looks at the clock (semantic conventions, nodejs.eventloop.delay: as upstream samples it). */
const RESOLUTION = 10;

export const DELAY_STATISTICS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const;

/** In seconds. */
export type Delays = Readonly<Record<(typeof DELAY_STATISTICS)[number], number>>;

/**
 * How late the event loop comes to a timer, counted as Node's `monitorEventLoopDelay` counts, whose histogram cannot leave out what
 * the agent itself did in between.
 */
export class EventLoopDelay {
  readonly #work: OwnWork;
  readonly #histogram = createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 });
  #timer: NodeJS.Timeout | undefined;
  #looked = 0;
  #ownWork = 0;

  constructor(work: OwnWork) {
    this.#work = work;
  }

  enable(): void {
    this.#looked = performance.now();
    this.#ownWork = this.#work.milliseconds;
    this.#timer = setInterval(() => this.#look(), RESOLUTION).unref();
  }

  disable(): void {
    clearInterval(this.#timer);
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** Since the last reset; all are zero where nothing was seen yet. */
  read(): Delays {
    const histogram = this.#histogram;
    const seconds = (nanoseconds: number) => (histogram.count === 0 ? 0 : nanoseconds / 1e9);
    return {
      min: seconds(histogram.min),
      max: seconds(histogram.max),
      mean: seconds(histogram.mean),
      stddev: seconds(histogram.stddev),
      p50: seconds(histogram.percentile(50)),
      p90: seconds(histogram.percentile(90)),
      p99: seconds(histogram.percentile(99)),
    };
  }

  #look(): void {
    const [now, ownWork] = [performance.now(), this.#work.milliseconds];
    const milliseconds = now - this.#looked - (ownWork - this.#ownWork);
    this.#histogram.record(Math.max(1, Math.round(milliseconds * 1e6)));
    this.#looked = now;
    this.#ownWork = ownWork;
  }
}
