/** One series of a counter or of an up-down counter. */
export class CounterCell {
  // In a typed array: a plain number field that outgrows a small integer is a heap object, and writing it may allocate.
  readonly #value = new Float64Array(1);

  /** Adds `amount`; the probe sees to it that a monotonic counter is never given a negative one. */
  add(amount: number): void {
    this.#value[0]! += amount;
  }

  get value(): number {
    return this.#value[0]!;
  }
}
