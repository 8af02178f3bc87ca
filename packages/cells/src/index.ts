/**
 * The hot path of the agent: pre-bound cells for counters, gauges and histograms, and the registry that hands them to any
 * OpenTelemetry reader.
 *
 * A probe declares a metric once, binds a cell for each label set that it meets (kept in a {@link KeyTree}), and from then
 * on only adds numbers to it.
 */
export { CellRegistry, type CellRegistryOptions, type Observe, type ReportPoint } from './cell-registry.ts';
export { CounterCell, HistogramCell } from './cells.ts';
export { KeyTree } from './key-tree.ts';
export { type CounterMetric, type HistogramMetric, type MetricOptions, OVERFLOW } from './metrics.ts';
