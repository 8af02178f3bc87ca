/** Adds up the time that is spent in the turns of the event loop that something takes. */
export class Stopwatch {
  milliseconds = 0;

  /** Without what a promise that `work` returns waits for. */
  time<T>(work: () => T): T {
    const start = performance.now();
    const result = work();
    this.milliseconds += performance.now() - start;
    return result;
  }

  *timed<T>(items: Iterable<T>): Generator<T, void, void> {
    let start = performance.now();
    for (const item of items) {
      this.milliseconds += performance.now() - start;
      yield item;
      start = performance.now();
    }
  }
}
