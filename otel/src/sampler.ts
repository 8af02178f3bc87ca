import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { decidingDeferred, isDeferred } from '@otel-register/sentry-link/propagation';
import type { SamplingOptions } from '@otel-register/spans';
import type { SamplerName } from './setting-parsers.ts';
import type { Config } from './settings.ts';
import { spanDestinations } from './span-destinations.ts';

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

/** What the share of requests that have spans is decided by. */
export function samplerOf(config: Config): { name: SamplerName; ratio: number } {
  const { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio, SENTRY_TRACES_SAMPLE_RATE: rate } = config;
  if (name !== undefined) return { name, ratio };
  if (rate !== undefined && spanDestinations(config).includes('sentry'))
    return { name: 'parentbased_traceidratio', ratio: rate };
  return { name: 'parentbased_always_on', ratio };
}
