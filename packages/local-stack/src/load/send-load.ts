import { setTimeout as delay } from 'node:timers/promises';
import { act } from './actions.ts';
import type { Tally } from './tally.ts';
import { User } from './user.ts';

export interface Load {
  /** The gateway, with no slash at the end. */
  url: string;
  /** Requests a second. */
  rate: number;
  /** Seconds; 0 until Ctrl-C. */
  duration: number;
  /** How many people send them. */
  users: number;
}

/**
 * Sends requests at a steady rate, however long the answers take, until the time is over or `signal` aborts; then waits for
 * the last answers.
 */
export async function sendLoad({ url, rate, duration, users }: Load, tally: Tally, signal: AbortSignal): Promise<void> {
  const people = Array.from({ length: users }, () => new User(url, tally));
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  for (let sent = 0; !signal.aborted && (duration === 0 || sent < rate * duration); sent++) {
    const early = (sent / rate - elapsed()) * 1000;
    if (early > 0) await delay(early, undefined, { signal }).catch(() => {});
    const user = idleUser(people);
    if (user === undefined) {
      tally.missed++;
      continue;
    }
    user.busy = true;
    const done = act(user).finally(() => {
      user.busy = false;
      pending.delete(done);
    });
    pending.add(done);
  }
  await Promise.all(pending);
}

function idleUser(people: User[]): User | undefined {
  const start = Math.floor(Math.random() * people.length);
  for (let step = 0; step < people.length; step++) {
    const user = people[(start + step) % people.length];
    if (user && !user.busy) return user;
  }
  return undefined;
}
