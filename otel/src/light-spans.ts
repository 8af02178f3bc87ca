import { trace } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Probe } from '@otel-register/probes';
import { LightTracerProvider } from '@otel-register/spans';
import { samplingOf } from './sampler.ts';
import type { Config } from './settings.ts';

/** Has the probes make spans that cost less than the SDK's, which the service and the instrumentations of others keep. */
export function lightenSpans(
  probes: readonly Probe[],
  config: Config,
  sampler: Sampler,
  resource: Resource,
  processors: readonly SpanProcessor[],
): void {
  const onEnd = (span: ReadableSpan) => {
    for (const processor of processors) processor.onEnd(span);
  };
  const others = trace.getTracerProvider();
  const provider = new LightTracerProvider({ sampling: samplingOf(config, sampler), resource, onEnd, others });
  for (const probe of probes) probe.setTracerProvider(provider);
}
