import diagnosticsChannel from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Config } from './settings.ts';
import { SpanBatches } from './span-batches.ts';
import type { SpanCounts } from './span-counts.ts';
import { spanDestinations } from './span-destinations.ts';

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
  return spanDestinations(config).map((name) => {
    if (name === 'console') return new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
    const toSentry = { kind: 'sentry', dsn: config.SENTRY_DSN, json: protocol === 'http/json' } as const;
    return new SpanBatches(name === 'sentry' ? toSentry : { kind: protocol }, config, counts);
  });
}
