/**
 * The hot path of the agent: pre-bound cells for counters, gauges and histograms, and the registry that hands them to any
 * OpenTelemetry reader.
 *
 * A probe declares a metric once, binds a cell for each label set that it meets (kept in a {@link KeyTree}), and from then
 * on only adds numbers to it.
 */
export { type MetricOptions, OVERFLOW, type PartialAttributes } from './cell-metric.ts';
export {
  CellRegistry,
  type CellRegistryOptions,
  type CounterMetric,
  type HistogramCell,
  type HistogramMetric,
} from './cell-registry.ts';
export type { CounterCell } from './counter-cell.ts';
export { type CaptureSpan, captureNothing, captureSpan, type Exemplar, type ExemplarFilter } from './exemplars.ts';
export { KeyTree } from './key-tree.ts';
export { LeftOutSpan } from './left-out-span.ts';
export { type CellPoint, timestamp } from './metric-data.ts';
export type { Observe, ReportPoint } from './observed-metric.ts';
