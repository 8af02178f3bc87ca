import type { Config, SpanDestination } from './settings.ts';

/** Where spans go: nowhere without a word of it, for who names a collector wants them there. */
export function spanDestinations(config: Config): Exclude<SpanDestination, 'none'>[] {
  const hasEndpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== '' || config.OTEL_EXPORTER_OTLP_ENDPOINT !== '';
  const names = config.OTEL_TRACES_EXPORTER ?? [hasEndpoint ? 'otlp' : 'none'];
  return names.includes('none') ? [] : [...new Set(names as Exclude<SpanDestination, 'none'>[])];
}
