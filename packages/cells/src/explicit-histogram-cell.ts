import type { SpanContext } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { type Exemplar, ExemplarSlots } from './exemplars.ts';

/** One series of a histogram with explicit bucket boundaries. */
export class ExplicitHistogramCell {
  readonly #boundaries: number[];
  /** How many observations each bucket has, and behind them the sum of all: together, where one touch of memory has both. */
  readonly #numbers: Float64Array;
  #exemplars: ExemplarSlots | undefined = undefined;

  /** @param boundaries inclusive upper bounds, ascending, without +Inf; readers are given this very array */
  constructor(boundaries: number[]) {
    this.#boundaries = boundaries;
    this.#numbers = new Float64Array(boundaries.length + 2);
  }

  /**
   * Counts one observation, in the unit of the metric; NaN is none and is left out.
   *
   * @param span what to remember it with, if it is to be an exemplar
   */
  record(value: number, span?: SpanContext): void {
    if (Number.isNaN(value)) return;
    const boundaries = this.#boundaries;
    let bucket = 0;
    // Fifteen buckets at the most and short durations first: walking them beats a binary search.
    while (bucket < boundaries.length && value > boundaries[bucket]!) bucket++;
    const numbers = this.#numbers;
    numbers[bucket]! += 1;
    numbers[boundaries.length + 1]! += value;
    if (span !== undefined) {
      this.#exemplars ??= new ExemplarSlots(boundaries.length + 1);
      this.#exemplars.keep(bucket, value, span);
    }
  }

  /** The observations so far, as OpenTelemetry's data model has them; counts are per bucket, not cumulative. */
  get value(): Histogram {
    const numbers = this.#numbers;
    const counts = new Array<number>(this.#boundaries.length + 1);
    let count = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      const inBucket = numbers[bucket]!;
      counts[bucket] = inBucket;
      count += inBucket;
    }
    return { buckets: { boundaries: this.#boundaries, counts }, sum: numbers[this.#boundaries.length + 1]!, count };
  }

  /** The latest exemplar of each bucket that has one. */
  get exemplars(): Exemplar[] {
    return this.#exemplars?.list() ?? [];
  }
}
