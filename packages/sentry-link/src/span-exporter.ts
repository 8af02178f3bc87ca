import type { LookupFunction } from 'node:net';
import { getSharedConfigurationDefaults, OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExportDelegate, httpAgentFactoryFromOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  JsonTraceSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { partsOf } from './dsn.ts';

export { withoutPersonalData } from './span-privacy.ts';

export interface SpanExporterOptions {
  /** Whether spans are sent as JSON, and not as protobuf. */
  readonly json: boolean;
  readonly timeoutMillis?: number;
  /** How its name is looked up. */
  readonly lookup: LookupFunction;
}

/**
 * Sends spans to where Sentry takes them by OTLP, as they are: see {@link withoutPersonalData}. But for the protocol, the variables OTEL_EXPORTER_OTLP_… are of another
 * destination, whose headers may hold secrets: they do not apply.
 *
 * @throws Error when the DSN is none
 */
export function createSpanExporter(dsn: string, { json, lookup, ...options }: SpanExporterOptions): SpanExporter {
  const { url, headers } = partsOf(dsn).traces;
  const delegate = createOtlpHttpExportDelegate(
    {
      ...getSharedConfigurationDefaults(),
      ...options,
      url,
      headers: async () => ({ ...headers, 'Content-Type': json ? 'application/json' : 'application/x-protobuf' }),
      agentFactory: httpAgentFactoryFromOptions({ keepAlive: true, lookup }),
    },
    json ? JsonTraceSerializer : ProtobufTraceSerializer,
    'otlp_http_span_exporter',
    TraceExporterMetricsHelper,
    undefined,
  );
  return new OTLPExporterBase<ReadableSpan[]>(delegate);
}
