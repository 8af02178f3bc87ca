/**
 * Calls `bring` whenever this thread is about to block in `Atomics.wait`, as the idle threads of a pool do: from then on it can
 * answer nobody. The function that it replaces is that of this thread alone.
 */
export function beforeBlocking(bring: () => void): void {
  const { wait } = Atomics;
  Atomics.wait = function (this: unknown, ...args: Parameters<typeof wait>) {
    if (wouldBlock(...args)) bring();
    return Reflect.apply(wait, this, args);
  } as typeof wait;
}

function wouldBlock(...[array, index, value]: Parameters<typeof Atomics.wait>): boolean {
  try {
    return (Atomics.load(array as never, index) as unknown) === value;
  } catch {
    // What is wrong with it is for the function itself to say.
    return false;
  }
}
