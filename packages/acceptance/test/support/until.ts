import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds, asking every 5 ms. Rejects, naming `what`, after `timeoutMs`. */
export async function until(what: string, condition: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(5);
  }
}
