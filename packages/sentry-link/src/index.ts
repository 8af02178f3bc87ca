/**
 * Sentry beside OpenTelemetry: errors that carry the ids of their traces. Nothing here makes spans or listens to a framework.
 * What is needed without it is apart: `./own-clients` and `./propagation`, which need no SDK of Sentry, and `./span-exporter`.
 */
export { partsOf } from './dsn.ts';
export type { FailedRequest, Failure } from './failure.ts';
export { watchProcess } from './process-errors.ts';
export { SentryLink } from './sentry-link.ts';
