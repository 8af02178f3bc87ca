import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until the condition holds, asking every 5 ms. Rejects, naming `what`, after `timeoutMs`, which is long because a busy
 * machine may take its time and nobody waits for it where all is well.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(5);
  }
}

/** Waits until a program has said on stderr what a test expects: its output comes apart from its answers, and later. */
export async function untilSaid({ stderr }: { readonly stderr: () => string }, what: RegExp): Promise<void> {
  await until(`${what} on stderr`, () => what.test(stderr())).catch((error: Error) => {
    throw new Error(`${error.message}, but:\n${stderr()}`);
  });
}
