/** How traces are carried in Sentry's headers. It needs nothing of Sentry's SDK. */
export { decidingDeferred, isDeferred } from './deferred.ts';
export { SentryPropagator } from './propagator.ts';
