import timers from 'node:timers';

// In place of the globals in everything that is bundled: they stay as Node.js has them. Services and their tests put others there or
// none, those of a browser (jsdom) or a clock that they set, which would make the agent fail or wait for ever.

export const { Buffer, URL, URLSearchParams, clearImmediate, clearInterval, clearTimeout, performance, setImmediate } =
  globalThis;

const { setTimeout: startTimeout, setInterval: startInterval } = timers;

/** Of the agent, and of the packages in it, whose timers would keep the process alive for as long as a collector does not answer. */
export const setTimeout = (...args: Parameters<typeof timers.setTimeout>): NodeJS.Timeout =>
  startTimeout(...args).unref();

/** The same. */
export const setInterval = (...args: Parameters<typeof timers.setInterval>): NodeJS.Timeout =>
  startInterval(...args).unref();
