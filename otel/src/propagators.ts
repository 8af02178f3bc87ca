import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import type { Config } from './settings.ts';

const PROPAGATORS: Record<Config['OTEL_PROPAGATORS'][number], () => TextMapPropagator | undefined> = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  b3: () => new B3Propagator(),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  none: () => undefined,
};

/** What takes the context from headers and puts it there, as OTEL_PROPAGATORS says; null where nothing is to. */
export function createPropagator({ OTEL_PROPAGATORS: names }: Config): TextMapPropagator | null {
  if (names.includes('none')) return null;
  const propagators = [...new Set(names)].flatMap((name) => PROPAGATORS[name]() ?? []);
  return new CompositePropagator({ propagators });
}
