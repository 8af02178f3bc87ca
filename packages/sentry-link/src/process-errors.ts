/** @param isRejection whether it was the reason of a rejected promise */
export type OnProcessError = (error: unknown, isRejection: boolean) => void;

/**
 * Tells of uncaught exceptions and unhandled rejections, and leaves what Node makes of them as it is: the first have a monitor
 * for that. The others have none, and a listener would count as one that handles them, so what the process emits is watched.
 */
export function watchProcess(tell: OnProcessError): void {
  /** A reason that is no error is told as it is and, before or after that, within an error that Node makes of it. */
  let announced = false;
  let raised = false;

  process.on('uncaughtExceptionMonitor', (error: unknown, origin) => {
    if (isMadeOfReason(error)) {
      if (announced) return;
      raised = true;
    }
    tell(error, origin === 'unhandledRejection');
  });

  const rejected = (reason: unknown) => {
    if (typeof reason !== 'object' || reason === null) {
      if (raised) {
        raised = false;
        return;
      }
      announced = true;
      process.nextTick(() => {
        announced = false;
      });
    }
    tell(reason, true);
  };
  const { emit } = process;
  const watching = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) {
    if (event === 'unhandledRejection') rejected(args[0]);
    return Reflect.apply(emit, this, [event, ...args]) as boolean;
  };
  Object.defineProperties(watching, { name: { value: emit.name }, length: { value: emit.length } });
  Object.defineProperty(process, 'emit', { value: watching, configurable: true, writable: true, enumerable: false });
}

function isMadeOfReason(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === 'ERR_UNHANDLED_REJECTION';
}
