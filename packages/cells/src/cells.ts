/**
 * What a probe holds: a bound series. Values live in typed arrays, because a plain number field that outgrows a small
 * integer is a heap object of its own, and each write to it may allocate.
 */

/** One series of a counter or of an up-down counter. */
export class CounterCell {
  readonly #value = new Float64Array(1);

  /** Adds `amount`; the probe sees to it that a monotonic counter is never given a negative one. */
  add(amount: number): void {
    this.#value[0]! += amount;
  }

  get value(): number {
    return this.#value[0]!;
  }
}

/** One series of a histogram with explicit bucket boundaries. */
export class HistogramCell {
  readonly #boundaries: readonly number[];
  readonly #counts: Float64Array;
  readonly #sum = new Float64Array(1);

  /** @param boundaries inclusive upper bounds, ascending, without +Inf */
  constructor(boundaries: readonly number[]) {
    this.#boundaries = boundaries;
    this.#counts = new Float64Array(boundaries.length + 1);
  }

  /** Counts one observation, in the unit of the metric. NaN is no observation and is left out. */
  record(value: number): void {
    if (Number.isNaN(value)) return;
    const boundaries = this.#boundaries;
    let bucket = 0;
    // Fifteen buckets at the most and short durations first: walking them beats a binary search.
    while (bucket < boundaries.length && value > boundaries[bucket]!) bucket++;
    this.#counts[bucket]! += 1;
    this.#sum[0]! += value;
  }

  /** Observations per bucket (not cumulative), the last one beyond the last boundary. */
  get counts(): number[] {
    return Array.from(this.#counts);
  }

  get sum(): number {
    return this.#sum[0]!;
  }
}
