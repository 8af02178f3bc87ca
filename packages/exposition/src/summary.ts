import type { DataPointType } from '@opentelemetry/sdk-metrics';

/** Quantiles of what was observed, and how much that was: OpenTelemetry's data model has such points, its JavaScript types do not. */
export interface Summary {
  /** From 0 to 1, each once; the same list for the points of a metric. */
  readonly quantiles: readonly number[];
  /** One for each of them. */
  readonly values: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** The `dataPointType` of a metric whose points are summaries. */
export const SUMMARY = 4 as DataPointType;
