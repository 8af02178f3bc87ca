import type { SamplerName } from './setting-parsers.ts';
import type { Config } from './settings.ts';
import { spanDestinations } from './span-destinations.ts';

/** What the share of requests that have spans is decided by. */
export function samplerOf(config: Config): { name: SamplerName; ratio: number } {
  const { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio, SENTRY_TRACES_SAMPLE_RATE: rate } = config;
  if (name !== undefined) return { name, ratio };
  if (rate !== undefined && spanDestinations(config).includes('sentry'))
    return { name: 'parentbased_traceidratio', ratio: rate };
  return { name: 'parentbased_always_on', ratio };
}
