/**
 * Sentry beside OpenTelemetry: errors that carry the ids of their traces, and where Sentry takes spans. Nothing here makes spans
 * or listens to a framework. What needs no SDK of Sentry is apart, in `./own-clients` and `./propagation`.
 */
export { partsOf } from './dsn.ts';
export type { FailedRequest, Failure } from './failure.ts';
export { watchProcess } from './process-errors.ts';
export { SentryLink } from './sentry-link.ts';
export { createSpanExporter } from './span-exporter.ts';
