import timers from 'node:timers';
import { diag } from '@opentelemetry/api';

/** Node's own, as they are now: the bundle's global ones do not keep the process alive. */
const { setImmediate, setTimeout } = timers;

/** The longest that the agent holds up the end of the process, in milliseconds. */
const LONGEST = 2_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What is pushed, and may not have been taken yet. */
export interface Pushed {
  /** `spans`. */
  readonly what: string;
  readonly isWaiting: boolean;
  forceFlush(): Promise<void>;
  /** @param longest in milliseconds */
  sendBeforeExit(longest: number): void;
}

/**
 * Sends what is left when the process ends, within two seconds. It ends exactly as it would without us:
 *
 * - by itself, with nothing left to do, as soon as all is sent;
 * - by a signal that the service has no handler for, which is raised again then. With a handler, the service ends when and how
 *   it wants to;
 * - by `process.exit` or an uncaught error, after which nothing of the service runs any more: its exit waits.
 *
 * @returns what ends it: sends what is left by shutting down what is pushed, within two seconds as well
 */
export function flushAtExit(pushed: readonly Pushed[]): (shutDown: () => Promise<unknown>) => Promise<void> {
  let hasGivenUp = false;
  const flushed = async (flush = () => Promise.all(pushed.map((each) => each.forceFlush())) as Promise<unknown>) => {
    hasGivenUp = !(await isWithin(LONGEST, flush()));
    if (!hasGivenUp) return;
    const late = new Set(pushed.filter(({ isWaiting }) => isWaiting).map(({ what }) => what));
    diag.warn(`the last ${[...late].join(' and ')} were not taken within ${LONGEST / 1000} s and are lost`);
  };
  if (pushed.length === 0) return flushed;

  const undo = [beforeExit(() => (!hasGivenUp && pushed.some(({ isWaiting }) => isWaiting) ? flushed() : undefined))];
  const on = (event: string, listener: () => void) => {
    process.on(event, listener);
    undo.push(() => process.off(event, listener));
  };
  for (const signal of SIGNALS) {
    const onSignal = () => {
      if (process.listenerCount(signal) > 1) return;
      process.off(signal, onSignal);
      void flushed().then(() => process.kill(process.pid, signal));
    };
    on(signal, onSignal);
  }
  on('exit', () => {
    const start = performance.now();
    for (const each of hasGivenUp ? [] : pushed) {
      try {
        each.sendBeforeExit(LONGEST - (performance.now() - start));
      } catch (error) {
        diag.warn(`the last ${each.what} could not be sent and are lost: ${String(error)}`);
      }
    }
  });
  return async (shutDown) => {
    await flushed(shutDown);
    for (const step of undo) step();
  };
}

/**
 * Has something done before the process ends by itself. The service is told of its `beforeExit` after that: what is done keeps the
 * process alive, and Node says it once more, which would be twice to the service.
 *
 * @param work starts what is to be done, if there is something
 * @returns what undoes it
 */
function beforeExit(work: () => Promise<void> | undefined): () => void {
  const { emit } = process;
  const before = Object.getOwnPropertyDescriptor(process, 'emit');
  let isOver = false;
  const held = {
    emit(this: NodeJS.Process, event: string | symbol): boolean {
      const working = event === 'beforeExit' && !isOver ? work() : undefined;
      if (working === undefined) return Reflect.apply(emit, this, arguments) as boolean;
      // Something must have been left to do, or Node says it no more.
      void working.finally(() => setImmediate(() => {}));
      return false;
    },
  };
  Object.defineProperty(process, 'emit', { value: held.emit, configurable: true, writable: true });
  return () => {
    isOver = true;
    // Somebody else may have replaced it since, and call it.
    if (process.emit !== held.emit) return;
    if (before) Object.defineProperty(process, 'emit', before);
    else Reflect.deleteProperty(process, 'emit');
  };
}

/** Whether work settles in that many milliseconds, whatever becomes of it; the timer is what keeps the process alive till then. */
async function isWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
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
