import { type Context, createContextKey, trace } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';

const deferred = createContextKey('otel-register.sentry-deferred');

/** Says that whoever began the trace of a context left it to others whether it is sampled. */
export function withDeferred(context: Context): Context {
  return context.setValue(deferred, true);
}

export function isDeferred(context: Context): boolean {
  return context.getValue(deferred) === true;
}

/**
 * Decides as `base` does, and of traces that nobody has decided yet as if they began here, where `base` would take the missing
 * decision of `sentry-trace` for one against them.
 */
export function decidingDeferred(base: Sampler): Sampler {
  return {
    shouldSample(context, traceId, name, kind, attributes, links) {
      const isOpen = isDeferred(context) && trace.getSpanContext(context)?.isRemote === true;
      return base.shouldSample(isOpen ? trace.deleteSpan(context) : context, traceId, name, kind, attributes, links);
    },
    toString: () => `SentryDeferred{${base}}`,
  };
}
