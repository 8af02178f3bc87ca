import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Config } from './settings.ts';

type Name = Config['OTEL_TRACES_SAMPLER'];

/** What decides without a parent, by the last part of the sampler's name. */
const ROOTS: Record<Exclude<Name, `parentbased_${string}`>, (ratio: number) => Sampler> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
};

/** The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name (specification, "General SDK configuration"). */
export function createSampler({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio }: Config): Sampler {
  const root = ROOTS[name.replace('parentbased_', '') as keyof typeof ROOTS](ratio);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}
