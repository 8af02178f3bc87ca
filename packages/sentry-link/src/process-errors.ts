/** @param isRejection whether it was the reason of a rejected promise */
export type OnProcessError = (error: unknown, isRejection: boolean) => void;

/**
 * Tells of uncaught exceptions and unhandled rejections, and leaves what Node makes of them as it is: the first have a monitor
 * for that. The others have none, and a listener would count as one that handles them, so what the process emits is watched.
 *
 * @param tell must not ask an error for its stack at once: Node would no longer show where a promise was rejected
 * @returns what ends it
 */
export function watchProcess(tell: OnProcessError): () => void {
  // A rejection that nobody handles becomes an exception, before or after it is emitted (--unhandled-rejections).
  let wasEmitted = false;
  let wasRaised = false;

  const raised: NodeJS.UncaughtExceptionListener = (error: unknown, origin) => {
    const isRejection = origin === 'unhandledRejection';
    if (isRejection && wasEmitted) return;
    wasRaised = isRejection;
    tell(error, isRejection);
  };
  process.on('uncaughtExceptionMonitor', raised);

  const emitted = (reason: unknown) => {
    if (!wasRaised) {
      wasEmitted = true;
      process.nextTick(() => {
        wasEmitted = false;
      });
      tell(reason, true);
    }
    wasRaised = false;
  };
  const { emit } = process;
  const before = Object.getOwnPropertyDescriptor(process, 'emit');
  let isOver = false;
  const watching = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) {
    if (event === 'unhandledRejection' && !isOver) emitted(args[0]);
    return Reflect.apply(emit, this, [event, ...args]) as boolean;
  };
  Object.defineProperties(watching, { name: { value: emit.name }, length: { value: emit.length } });
  Object.defineProperty(process, 'emit', { value: watching, configurable: true, writable: true, enumerable: false });
  return () => {
    process.off('uncaughtExceptionMonitor', raised);
    isOver = true;
    // Somebody else may have replaced it since, and call it.
    if (process.emit !== watching) return;
    if (before) Object.defineProperty(process, 'emit', before);
    else Reflect.deleteProperty(process, 'emit');
  };
}
