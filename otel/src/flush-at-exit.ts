import { setImmediate, setTimeout } from 'node:timers';
import { diag } from '@opentelemetry/api';

/** The longest that the agent holds up the end of the process, in milliseconds. */
const LONGEST = 2_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Sends what is left when the process ends by itself or by a signal, within two seconds. A signal ends the process exactly
 * as it would without us: where the service has no handler of its own, the signal is raised again once all is sent.
 */
export function flushAtExit(flush: () => Promise<void>): void {
  let flushing: Promise<void> | undefined;
  const flushed = () => {
    flushing ??= atMost(LONGEST, flush());
    return flushing;
  };

  holdBackBeforeExit(flushed);
  for (const signal of SIGNALS) {
    const onSignal = () => {
      const isOurs = process.listenerCount(signal) === 0;
      void flushed().then(() => {
        if (isOurs) process.kill(process.pid, signal);
      });
    };
    process.once(signal, onSignal);
  }
}

/**
 * The first `beforeExit` is not told to the service: what is sent then keeps the process alive, and Node says it once more when
 * that is done. The service would be told twice.
 */
function holdBackBeforeExit(flushed: () => Promise<void>): void {
  const above = Object.getPrototypeOf(process) as NodeJS.EventEmitter;
  let isHeldBack = false;
  const { emit: value } = {
    emit(this: NodeJS.Process, event: string | symbol): boolean {
      if (event !== 'beforeExit' || isHeldBack) return above.emit.apply(this, arguments as never);
      isHeldBack = true;
      // Something must have been left to do, or Node says it no more.
      void flushed().finally(() => setImmediate(() => {}));
      return false;
    },
  };
  Object.defineProperty(process, 'emit', { value, configurable: true, writable: true });
}

/** Settles with `work`, whatever became of it, or after `milliseconds`; the timer is what keeps the process alive till then. */
async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    // Node's own: the bundle's global one does not keep the process alive.
    timer = setTimeout(() => {
      diag.warn(`the last spans were not taken within ${milliseconds / 1000} s and are lost`);
      resolve();
    }, milliseconds);
  });
  await Promise.race([work.catch(() => undefined), timeout]);
  clearTimeout(timer);
}
