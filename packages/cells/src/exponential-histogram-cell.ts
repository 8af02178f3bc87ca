import type { SpanContext } from '@opentelemetry/api';
import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';
import { bucketIndex } from './base2.ts';
import { type Exemplar, ExemplarSlots } from './exemplars.ts';

const MOST_BUCKETS = 160;
const FINEST_SCALE = 20;
const COARSEST_SCALE = -10;

/** As many as the specification's default reservoir for these histograms keeps. */
const MOST_EXEMPLARS = 20;

/**
 * One series of a base-2 exponential histogram: it begins with the finest buckets and halves their number whenever the values
 * seen so far no longer fit into 160 of them (metrics SDK, "Base2 Exponential Bucket Histogram Aggregation").
 *
 * It holds durations and sizes: zero is counted apart, and a negative value, which is neither, is left out.
 */
export class ExponentialHistogramCell {
  readonly #counts = new Float64Array(MOST_BUCKETS);
  readonly #sum = new Float64Array(1);
  #scale = FINEST_SCALE;
  /** Index of the lowest bucket in use, which is the first of `#counts`, and how many are in use. */
  #lowest = 0;
  #length = 0;
  #zeros = 0;
  #exemplars: ExemplarSlots | undefined = undefined;
  #nextSlot = 0;

  /** Counts one observation; see ExplicitHistogramCell. */
  record(value: number, span?: SpanContext): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return;
    this.#sum[0]! += value;
    if (span !== undefined) {
      this.#exemplars ??= new ExemplarSlots(MOST_EXEMPLARS);
      this.#exemplars.keep(this.#nextSlot++ % MOST_EXEMPLARS, value, span);
    }
    if (value === 0) {
      this.#zeros++;
      return;
    }
    let index = bucketIndex(value, this.#scale);
    while (!this.#reaches(index)) {
      this.#coarsen();
      index = bucketIndex(value, this.#scale);
    }
    this.#counts[index - this.#lowest]! += 1;
  }

  /** The values so far, as OpenTelemetry's data model has them. */
  get value(): ExponentialHistogram {
    const bucketCounts = Array.from(this.#counts.subarray(0, this.#length));
    return {
      count: bucketCounts.reduce((total, count) => total + count, this.#zeros),
      sum: this.#sum[0]!,
      scale: this.#scale,
      zeroCount: this.#zeros,
      positive: { offset: this.#lowest, bucketCounts },
      negative: { offset: 0, bucketCounts: [] },
    };
  }

  /** The latest exemplars, whatever their buckets. */
  get exemplars(): Exemplar[] {
    return this.#exemplars?.list() ?? [];
  }

  /** Makes room for the bucket `index` at this scale; false when there is none. */
  #reaches(index: number): boolean {
    if (this.#length === 0) {
      this.#lowest = index;
      this.#length = 1;
      return true;
    }
    const lowest = Math.min(this.#lowest, index);
    const length = Math.max(this.#lowest + this.#length, index + 1) - lowest;
    if (length > MOST_BUCKETS) return this.#scale === COARSEST_SCALE;
    const shift = this.#lowest - lowest;
    if (shift > 0) {
      this.#counts.copyWithin(shift, 0, this.#length);
      this.#counts.fill(0, 0, shift);
    }
    this.#lowest = lowest;
    this.#length = length;
    return true;
  }

  /** Joins each two neighbours: index i becomes i >> 1. */
  #coarsen(): void {
    const lowest = this.#lowest >> 1;
    const length = ((this.#lowest + this.#length - 1) >> 1) - lowest + 1;
    for (let i = 0; i < this.#length; i++) {
      const count = this.#counts[i]!;
      this.#counts[i] = 0;
      this.#counts[((this.#lowest + i) >> 1) - lowest]! += count;
    }
    this.#scale--;
    this.#lowest = lowest;
    this.#length = length;
  }
}
