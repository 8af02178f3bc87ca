/** What ends something that has begun; it may take its time. */
export type End = () => unknown;

/** Something that can be begun and ended again and again. */
export class Switch {
  readonly #begin: (ends: End[]) => void;
  readonly #onError: (error: unknown) => void;
  #ends: End[] | undefined;
  #ending: Promise<void> | undefined;
  #isWanted = false;

  /**
   * @param begin puts what ends each of its parts into a list, of which the last is called first
   * @param onError told of a part that could not be ended; the others are
   */
  constructor(begin: (ends: End[]) => void, onError: (error: unknown) => void) {
    this.#begin = begin;
    this.#onError = onError;
  }

  /**
   * Begins, unless it has begun; where it is being ended, as soon as it has.
   *
   * @throws what `begin` throws; what had begun by then is ended
   */
  on(): void {
    this.#isWanted = true;
    if (this.#ends || this.#ending) return;
    const ends: End[] = [];
    this.#ends = ends;
    try {
      this.#begin(ends);
    } catch (error) {
      void this.off();
      throw error;
    }
  }

  /** Ends, unless it has ended. Never rejects. */
  off(): Promise<void> {
    this.#isWanted = false;
    const ends = this.#ends;
    this.#ends = undefined;
    if (ends) this.#ending = this.#end(ends).then(() => this.#ended());
    return this.#ending ?? Promise.resolve();
  }

  async #end(ends: readonly End[]): Promise<void> {
    for (const end of ends.toReversed()) {
      try {
        await end();
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  #ended(): void {
    this.#ending = undefined;
    if (!this.#isWanted) return;
    try {
      this.on();
    } catch (error) {
      this.#onError(error);
    }
  }
}
