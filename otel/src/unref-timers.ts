import timers from 'node:timers';

// In place of the global functions in everything that is bundled: a timer of the agent, or of a package in it, never keeps the
// service's process alive. OpenTelemetry's own would, for as long as a collector does not answer.

export const setTimeout = (...args: Parameters<typeof timers.setTimeout>): NodeJS.Timeout =>
  timers.setTimeout(...args).unref();

export const setInterval = (...args: Parameters<typeof timers.setInterval>): NodeJS.Timeout =>
  timers.setInterval(...args).unref();
