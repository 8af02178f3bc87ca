/** Time that something may take, in milliseconds: a share of all time, of which a part that was not taken is kept. */
export class Allowance {
  readonly #share: number;
  readonly #most: number;
  #left: number;
  #asOf = performance.now();

  /** @param most that is kept; as much is there at the beginning */
  constructor(share: number, most: number) {
    this.#share = share;
    this.#most = most;
    this.#left = most;
  }

  /** Does the work if there is time left, however long it then takes. */
  take(work: () => void): void {
    const start = performance.now();
    this.#left = Math.min(this.#most, this.#left + (start - this.#asOf) * this.#share);
    this.#asOf = start;
    if (this.#left <= 0) return;
    work();
    this.#left -= performance.now() - start;
  }
}
