import diagnosticsChannel from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { context, diag } from '@opentelemetry/api';
import { ExportResultCode, isTracingSuppressed } from '@opentelemetry/core';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { Config } from './settings.ts';
import type { SpanCounts } from './span-counts.ts';
import { spanDestinations } from './span-destinations.ts';

/** What sends spans by each protocol, and what semantic conventions call it (`otel.component.type`). */
const OTLP = {
  'http/protobuf': { make: () => new ProtobufExporter(), type: 'otlp_http_span_exporter' },
  'http/json': { make: () => new JsonExporter(), type: 'otlp_http_json_span_exporter' },
  grpc: { make: () => new GrpcExporter(), type: 'otlp_grpc_span_exporter' },
} as const;

/**
 * Lets the process end while an export waits for its answer: {@link flushAtExit} gives the last one its time. A connection that
 * is used again keeps the process alive anew, so each request is looked at.
 */
function letExportsWait(): void {
  diagnosticsChannel.subscribe('http.client.request.start', (message) => {
    if (!isTracingSuppressed(context.active())) return;
    const { request } = message as { request: ClientRequest };
    if (request.socket) request.socket.unref();
    else request.once('socket', (socket) => socket.unref());
  });
}

/** What takes the spans to {@link spanDestinations}; the exporters read the standard OTEL_EXPORTER_OTLP_… themselves. */
export function createSpanProcessors(config: Config, counts: SpanCounts): SpanProcessor[] {
  letExportsWait();
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  const { make, type } = OTLP[protocol];
  return spanDestinations(config).map((name) =>
    name === 'console'
      ? new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })
      : inBatches(make(), { config, counts, type, destination: `OTLP over ${protocol}` }),
  );
}

interface Destination {
  readonly config: Config;
  readonly counts: SpanCounts;
  /** `otel.component.type` of the exporter. */
  readonly type: string;
  /** What a person knows it as. */
  readonly destination: string;
}

/** Sends spans in batches from a queue with a bound; what is lost, there or on the way, is counted, and said once. */
export function inBatches(exporter: SpanExporter, { config, counts, type, destination }: Destination): SpanProcessor {
  const most = config.OTEL_BSP_MAX_QUEUE_SIZE;
  let queued = 0;
  const reported = reportedOnce(destination);
  const batches = new BatchSpanProcessor({
    exporter: {
      export(spans, done) {
        queued -= spans.length;
        counts.processed(spans.length);
        exporter.export(spans, ({ error, code }) => {
          const failure = code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('unknown reason'));
          counts.exported(spans.length, type, failure);
          reported(spans.length, failure);
          // The processor would log every failure, with its stack.
          done({ code: ExportResultCode.SUCCESS });
        });
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    },
    maxQueueSize: most,
    maxExportBatchSize: Math.min(config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, most),
    scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
    exportTimeoutMillis: config.OTEL_BSP_EXPORT_TIMEOUT,
  });
  const add = batches.onEnd.bind(batches);
  // Here and not in the processor, which does not tell how many it drops.
  batches.onEnd = (span: ReadableSpan) => {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (queued >= most) return counts.processed(1, 'queue_full');
    queued++;
    add(span);
  };
  return batches;
}

/** Says when spans begin to be lost on the way, and when they arrive again. */
function reportedOnce(destination: string): (spans: number, failure: Error | undefined) => void {
  let lost = 0;
  return (spans, failure) => {
    if (failure) {
      if (lost === 0) {
        diag.error(
          `spans cannot be sent by ${destination}: ${failure.message || failure.name}; they are dropped until they can, the service is not affected`,
        );
      }
      lost += spans;
    } else if (lost > 0) {
      diag.info(`spans are sent by ${destination} again; ${lost} were lost`);
      lost = 0;
    }
  };
}
