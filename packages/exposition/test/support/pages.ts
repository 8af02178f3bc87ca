import type { Attributes } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { pageFormats } from '../../src/index.ts';

export type Kind = 'counter' | 'updown' | 'gauge';

export function metric(
  name: string,
  unit: string,
  kind: Kind,
  points: [Attributes, number][],
  description = '',
): MetricData {
  const base = {
    descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const dataPoints = points.map(([attributes, value]) => ({ attributes, value, ...times }));
  if (kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter', dataPoints };
}

export function histogram(
  name: string,
  unit: string,
  attributes: Attributes,
  boundaries: number[],
  counts: number[],
): MetricData {
  const count = counts.reduce((a, b) => a + b, 0);
  return {
    descriptor: { name, unit, description: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [{ attributes, value: { buckets: { boundaries, counts }, sum: 1.5, count }, ...times }],
  };
}

const times: { startTime: [number, number]; endTime: [number, number] } = { startTime: [0, 0], endTime: [1, 0] };

/** The page for metrics of one scope each, and the warnings that it caused. */
export function page(
  metrics: MetricData[],
  resource: Attributes = {},
  format: 'text' | 'OpenMetrics' = 'text',
  options = {},
) {
  const warnings: string[] = [];
  const [openMetrics, text] = pageFormats((message) => warnings.push(message), options);
  const { render } = format === 'text' ? text : openMetrics;
  const resourceMetrics = {
    resource: resourceFromAttributes(resource),
    scopeMetrics: metrics.map((one, index) => ({ scope: { name: `scope${index}` }, metrics: [one] })),
  };
  const again = () => Buffer.concat([...render(resourceMetrics, Buffer.allocUnsafe)]).toString();
  return { text: again(), warnings, again };
}

/** The metric with exemplars on its only point. */
export function withExemplars(of: MetricData, ...exemplars: [value: number, time: number, span: string][]): MetricData {
  const [point] = of.dataPoints;
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const list = exemplars.map(([value, time, span]) => ({ value, time, traceId, spanId: span.padStart(16, '0') }));
  return { ...of, dataPoints: [{ ...point, exemplars: list }] } as unknown as MetricData;
}
