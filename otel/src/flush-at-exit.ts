import { setTimeout } from 'node:timers';
import { diag } from '@opentelemetry/api';

/** The longest that the agent holds up the end of the process, in milliseconds. */
const LONGEST = 2_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Sends something from time to time, and has some of it left when the process ends. */
export interface Sender {
  /** What it sends, in a word. */
  readonly what: string;
  /** Whether there is something that has not arrived. */
  readonly isWaiting: boolean;
  /** Sends it, and settles when it has arrived or failed. */
  forceFlush(): Promise<void>;
  /**
   * Sends it while the process exits, unless it is known that nobody takes it.
   *
   * @param longest in milliseconds
   */
  sendBeforeExit(longest: number): void;
}

/**
 * Sends what is left when the process ends, within two seconds. It ends exactly as it would without us:
 *
 * - by itself, with nothing left to do, as soon as all is sent;
 * - by a signal that the service has no handler for, which is raised again then. With a handler, the service ends when and how
 *   it wants to;
 * - by `process.exit` or an uncaught error, after which nothing of the service runs any more: its exit waits.
 */
export function flushAtExit(senders: readonly Sender[]): void {
  let hasGivenUp = false;
  const flushed = async () => {
    hasGivenUp = !(await isWithin(LONGEST, Promise.all(senders.map((each) => each.forceFlush()))));
    if (hasGivenUp) diag.warn(`the last ${namesOf(senders)} were not taken within ${LONGEST / 1000} s and are lost`);
  };

  process.on('beforeExit', () => {
    if (!hasGivenUp && senders.some(({ isWaiting }) => isWaiting)) void flushed();
  });
  for (const signal of SIGNALS) {
    const onSignal = () => {
      if (process.listenerCount(signal) > 1) return;
      process.off(signal, onSignal);
      void flushed().then(() => process.kill(process.pid, signal));
    };
    process.on(signal, onSignal);
  }
  process.on('exit', () => {
    const start = performance.now();
    for (const each of hasGivenUp ? [] : senders) {
      try {
        each.sendBeforeExit(LONGEST - (performance.now() - start));
      } catch (error) {
        diag.warn(`the last ${each.what} could not be sent and are lost:`, error);
      }
    }
  });
}

function namesOf(senders: readonly Sender[]): string {
  const waiting = senders.filter(({ isWaiting }) => isWaiting);
  return [...new Set(waiting.map(({ what }) => what))].join(' and ');
}

/** Whether work settles in that many milliseconds, whatever becomes of it; the timer is what keeps the process alive till then. */
async function isWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    // Node's own: the bundle's global one does not keep the process alive.
    timer = setTimeout(resolve, milliseconds, false);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, timeout]);
  clearTimeout(timer);
  return result;
}
