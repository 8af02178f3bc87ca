import { setTimeout as delay } from 'node:timers/promises';
import type { RunningSystem } from '../../running-system.ts';

/** Trouble that is made for the running system, from outside, and what the metrics then tell. */
export interface Scenario {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** What happens in each part, one line, and the lines that say what is seen where. */
  readonly story: Readonly<Record<'before' | 'during' | 'after', readonly string[]>>;
  /** What the system must have started itself, with the variable that would name somebody else's. */
  readonly needs?: { readonly part: 'postgres' | 'redis'; readonly title: string; readonly variable: string };
  /**
   * Makes the trouble until `signal` aborts, `seconds` at the longest, and has undone it when it settles. It is undone also
   * where this process is killed or stopped meanwhile.
   */
  make(system: RunningSystem, signal: AbortSignal, seconds: number): Promise<void>;
}

/** Resolves after so many milliseconds, or when `signal` aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
