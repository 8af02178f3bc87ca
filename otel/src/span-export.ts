import { diag } from '@opentelemetry/api';
import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { letExportsWait } from './exports-wait.ts';
import { nameOf, whyNotMade } from './otlp-exporters.ts';
import type { Config } from './settings.ts';
import { SpanBatches } from './span-batches.ts';
import type { SpanCounts } from './span-counts.ts';
import { spanDestinations } from './span-destinations.ts';

/** What takes the spans to {@link spanDestinations}; the exporters read the standard OTEL_EXPORTER_OTLP_… themselves. */
export function createSpanProcessors(config: Config, counts: SpanCounts): SpanProcessor[] {
  letExportsWait();
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  return spanDestinations(config).flatMap((name) => {
    if (name === 'console') return new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
    const toSentry = { kind: 'sentry', dsn: config.SENTRY_DSN, json: protocol === 'http/json' } as const;
    const target = name === 'sentry' ? toSentry : { kind: protocol };
    try {
      return new SpanBatches(target, config, counts);
    } catch (error) {
      diag.error(`spans are not sent by ${nameOf(target)}, the service runs on: ${whyNotMade(error)}`);
      return [];
    }
  });
}
