import type { CellRegistry } from '@otel-register/cells';
import { errorTypeOf } from './error-counts.ts';

/** Counts what becomes of the spans that have ended. */
export interface SpanCounts {
  /** Spans that have left the queue, or did not get in: `queue_full`. */
  processed(spans: number, error?: string): void;
  /** Spans that were sent, or could not be. */
  exported(spans: number, exporter: string, failure: Error | undefined): void;
}

const NOBODY: SpanCounts = { processed: () => {}, exported: () => {} };

/**
 * Semantic conventions, "OpenTelemetry SDK metrics": `otel.sdk.processor.span.processed`, `otel.sdk.exporter.span.exported`.
 *
 * @param cells undefined where there are no metrics
 */
export function countSpans(cells: CellRegistry | undefined): SpanCounts {
  if (cells === undefined) return NOBODY;
  const processed = cells.counter({
    name: 'otel.sdk.processor.span.processed',
    unit: '{span}',
    description: 'Spans that were given to the exporter, or dropped: error_type="queue_full".',
  });
  const exported = cells.counter({
    name: 'otel.sdk.exporter.span.exported',
    unit: '{span}',
    description: 'Spans that were sent, or could not be: then with error_type.',
  });
  return {
    processed: (spans, error) =>
      processed.bind({ 'otel.component.type': 'batching_span_processor', 'error.type': error }).add(spans),
    exported: (spans, exporter, failure) =>
      exported.bind({ 'otel.component.type': exporter, 'error.type': failure && errorTypeOf(failure) }).add(spans),
  };
}
