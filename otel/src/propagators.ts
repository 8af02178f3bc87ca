import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { SentryPropagator } from '@otel-register/sentry-link/propagation';
import { samplerOf } from './sampler-setting.ts';
import type { PropagatorName } from './setting-parsers.ts';
import type { Config } from './settings.ts';
import { spanDestinations } from './span-destinations.ts';

const PROPAGATORS: Record<Exclude<PropagatorName, 'sentry' | 'none'>, () => TextMapPropagator> = {
  tracecontext: () => whereThereIs('traceparent', new W3CTraceContextPropagator()),
  baggage: () => whereThereIs('baggage', new W3CBaggagePropagator()),
  b3: () => new B3Propagator(),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
};

/**
 * What takes the context from headers and puts it there, as OTEL_PROPAGATORS says; null where nothing is to.
 *
 * @param traceInfo what Sentry is told of a trace that begins here
 */
export function createPropagator(
  config: Config,
  traceInfo: Readonly<Record<string, string>> | undefined,
): TextMapPropagator | null {
  const names = new Set(
    config.OTEL_PROPAGATORS ?? ['tracecontext', 'baggage', ...(traceInfo ? (['sentry'] as const) : [])],
  );
  if (names.has('none')) return null;
  const hasSentry = names.delete('sentry');
  // Sentry's part of it is put together with the others'.
  if (hasSentry) names.delete('baggage');
  const propagators = [...names].map((name) => PROPAGATORS[name as keyof typeof PROPAGATORS]());
  const composite = new CompositePropagator({ propagators });
  if (!hasSentry) return composite;
  return new SentryPropagator({
    others: composite,
    decides: spanDestinations(config).length > 0,
    traceInfo: traceInfo ? { ...traceInfo, ...rateOf(config) } : {},
  });
}

/** Most requests come without the header: to see that costs less than to have it parsed. */
function whereThereIs(header: string, propagator: TextMapPropagator): TextMapPropagator {
  return {
    inject: (context, carrier, setter) => propagator.inject(context, carrier, setter),
    extract: (context, carrier, getter) =>
      getter.get(carrier, header) === undefined ? context : propagator.extract(context, carrier, getter),
    fields: () => propagator.fields(),
  };
}

function rateOf(config: Config): Record<string, string> {
  const { name, ratio } = samplerOf(config);
  if (spanDestinations(config).length === 0 || !name.endsWith('traceidratio')) return {};
  return { sample_rate: String(ratio) };
}
