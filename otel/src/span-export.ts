import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { letExportsWait } from './exports-wait.ts';
import type { Config } from './settings.ts';
import { SpanBatches } from './span-batches.ts';
import type { SpanCounts } from './span-counts.ts';
import { spanDestinations } from './span-destinations.ts';

/** What takes the spans to {@link spanDestinations}; the exporters read the standard OTEL_EXPORTER_OTLP_… themselves. */
export function createSpanProcessors(config: Config, counts: SpanCounts): SpanProcessor[] {
  letExportsWait();
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  return spanDestinations(config).map((name) => {
    if (name === 'console') return new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
    const toSentry = { kind: 'sentry', dsn: config.SENTRY_DSN, json: protocol === 'http/json' } as const;
    return new SpanBatches(name === 'sentry' ? toSentry : { kind: protocol }, config, counts);
  });
}
