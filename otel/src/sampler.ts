import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { decidingDeferred, isDeferred } from '@otel-register/sentry-link/propagation';
import type { SamplingOptions } from '@otel-register/spans';
import { samplerOf } from './sampler-setting.ts';
import type { SamplerName } from './setting-parsers.ts';
import type { Config } from './settings.ts';

/** What decides without a parent, by the last part of the sampler's name. */
const ROOTS: Record<Exclude<SamplerName, `parentbased_${string}`>, (ratio: number) => Sampler> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
};

/**
 * The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name (specification, "General SDK configuration") or, where
 * they name none, one that takes the share that Sentry is to have.
 */
export function createSampler(config: Config): Sampler {
  const { name, ratio } = samplerOf(config);
  const root = ROOTS[name.replace('parentbased_', '') as keyof typeof ROOTS](ratio);
  return decidingDeferred(name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root);
}

/** The same for the spans that are decided on before they are made. */
export function samplingOf(config: Config, sampler: Sampler): SamplingOptions {
  const { name, ratio } = samplerOf(config);
  return {
    ratio: name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : ratio,
    isParentBased: name.startsWith('parentbased_'),
    isOpen: isDeferred,
    sampler,
  };
}
