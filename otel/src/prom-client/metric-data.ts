import { ValueType } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { SUMMARY } from '@otel-register/exposition';
import type { PromClientSource } from '@otel-register/probes';
import type { Combination, CombinedDescriptor } from '../cluster/gauges.ts';

/** What prom-client's aggregators make of several processes; `first` is for what is alike in all. */
const COMBINATIONS: Readonly<Record<string, Combination>> = {
  min: 'min',
  max: 'max',
  first: 'max',
  average: 'mean',
  omit: 'none',
};

/** A metric of prom-client as OpenTelemetry has metrics, under its own name. */
export function metricDataOf(source: PromClientSource, dataPoints: readonly unknown[]): MetricData {
  const { metric } = source;
  const combination = COMBINATIONS[metric.aggregator];
  const descriptor: CombinedDescriptor = {
    name: nameOf(source),
    // Nothing sees to it that it is a text before prom-client makes a page.
    description: String(metric.help),
    unit: '',
    valueType: ValueType.DOUBLE,
    ...(combination && { combination }),
  };
  return {
    descriptor,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    ...kindOf(source),
    dataPoints,
  } as MetricData;
}

function kindOf({ kind, metric: { aggregator } }: PromClientSource) {
  switch (kind) {
    case 'counter':
      return { dataPointType: DataPointType.SUM, isMonotonic: true };
    case 'gauge':
      // Added up over processes, which is what prom-client does unless it is told otherwise, it is an up-down counter.
      return aggregator === 'sum'
        ? { dataPointType: DataPointType.SUM, isMonotonic: false }
        : { dataPointType: DataPointType.GAUGE };
    case 'histogram':
      return { dataPointType: DataPointType.HISTOGRAM };
    case 'summary':
      return { dataPointType: SUMMARY };
  }
}

/** What the samples are called on the page that the registry itself makes: in OpenMetrics counters end with `_total`. */
function nameOf({ metric: { name }, kind, registry }: PromClientSource): string {
  const isOpenMetrics = registry.contentType.startsWith('application/openmetrics-text');
  return kind === 'counter' && isOpenMetrics ? `${name.replace(/_total$/, '')}_total` : name;
}
