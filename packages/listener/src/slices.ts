/** Milliseconds of work after which the event loop is given back. */
const SLICE = 1;

/** The same items, with a turn of the event loop for everybody else whenever they have taken {@link SLICE} to make and use. */
export async function* inSlices<T>(items: Iterable<T>): AsyncGenerator<T, void, void> {
  let start = performance.now();
  for (const item of items) {
    yield item;
    if (performance.now() - start < SLICE) continue;
    await new Promise((resolve) => setImmediate(resolve));
    start = performance.now();
  }
}
