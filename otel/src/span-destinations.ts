import type { SpanDestination } from './setting-parsers.ts';
import type { Config } from './settings.ts';

/** Where spans go: nowhere without a word of it, for who names a collector or a share for Sentry wants them there. */
export function spanDestinations(config: Config): (Exclude<SpanDestination, 'none'> | 'sentry')[] {
  const { OTEL_TRACES_EXPORTER: exporters, SENTRY_DSN: dsn, SENTRY_TRACES_SAMPLE_RATE: rate = 0 } = config;
  if (exporters?.includes('none')) return [];
  const hasEndpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== '' || config.OTEL_EXPORTER_OTLP_ENDPOINT !== '';
  const names = (exporters ?? (hasEndpoint ? ['otlp'] : [])) as Exclude<SpanDestination, 'none'>[];
  return [...new Set([...names, ...(dsn !== '' && rate > 0 ? (['sentry'] as const) : [])])];
}
