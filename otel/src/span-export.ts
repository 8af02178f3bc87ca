import { diag } from '@opentelemetry/api';
import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { nameOf, whyNotMade } from './otlp-exporters.ts';
import { SpanBatches, type SpanExportOptions } from './span-batches.ts';
import { spanDestinations } from './span-destinations.ts';

/**
 * What takes the spans to {@link spanDestinations}; the exporters read the standard OTEL_EXPORTER_OTLP_… themselves. This file is
 * loaded only when there are any.
 *
 * @returns all, and those of them that send in batches
 */
export function createSpanProcessors(options: SpanExportOptions): { all: SpanProcessor[]; batches: SpanBatches[] } {
  const { config } = options;
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  const all = spanDestinations(config).flatMap((name): SpanProcessor[] => {
    if (name === 'console') return [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })];
    const toSentry = { kind: 'sentry', dsn: config.SENTRY_DSN, json: protocol === 'http/json' } as const;
    const target = name === 'sentry' ? toSentry : { kind: protocol };
    try {
      return [new SpanBatches(target, options)];
    } catch (error) {
      diag.error(`spans are not sent by ${nameOf(target)}, the service runs on: ${whyNotMade(error)}`);
      return [];
    }
  });
  return { all, batches: all.filter((processor) => processor instanceof SpanBatches) };
}
