import assert from 'node:assert/strict';
import type { Attributes } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type ExponentialHistogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import {
  type PageOptions as AllPageOptions,
  type PageFormat,
  pageFormats,
  SUMMARY,
  type Summary,
} from '../../src/index.ts';

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

export function summary(name: string, attributes: Attributes, value: Summary): MetricData {
  return {
    descriptor: { name, unit: '', description: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: SUMMARY,
    dataPoints: [{ attributes, value, ...times }],
  } as unknown as MetricData;
}

const times: { startTime: [number, number]; endTime: [number, number] } = { startTime: [0, 0], endTime: [1, 0] };

export const MEDIA_TYPES = {
  text: 'text/plain',
  OpenMetrics: 'application/openmetrics-text',
  protobuf: 'application/vnd.google.protobuf',
};

export interface PageOptions extends AllPageOptions {
  readonly escaping?: PageFormat['escapings'][number];
}

/** The page for metrics of one scope each, and the warnings that it caused. */
export function page(
  metrics: MetricData[],
  resource: Attributes = {},
  format: keyof typeof MEDIA_TYPES = 'text',
  { escaping = 'underscores', ...options }: PageOptions = {},
) {
  const warnings: string[] = [];
  const { render } = formatOf(format, escaping, (message) => warnings.push(message), options);
  const resourceMetrics = {
    resource: resourceFromAttributes(resource),
    scopeMetrics: metrics.map((one, index) => ({ scope: { name: `scope${index}` }, metrics: [one] })),
  };
  const bytes = () => Buffer.concat([...render(resourceMetrics, Buffer.allocUnsafe)]);
  const again = () => bytes().toString();
  return { text: again(), warnings, again, bytes };
}

/** What makes pages of a format under an escaping scheme. */
export function formatOf(
  format: keyof typeof MEDIA_TYPES,
  escaping: PageFormat['escapings'][number] = 'underscores',
  warn: (message: string) => void = () => {},
  options = {},
): PageFormat {
  const of = pageFormats(warn, options).find(
    ({ mediaType, escapings }) => mediaType === MEDIA_TYPES[format] && escapings.includes(escaping),
  );
  assert.ok(of);
  return of;
}

/** An exponential histogram of one series. */
export function exponential(
  name: string,
  unit: string,
  attributes: Attributes,
  value: Omit<Partial<ExponentialHistogram>, 'sum'> & { sum?: number | undefined; zeroThreshold?: number },
): MetricData {
  const {
    positive = { offset: 0, bucketCounts: [] },
    negative = { offset: 0, bucketCounts: [] },
    zeroCount = 0,
  } = value;
  const count = [...positive.bucketCounts, ...negative.bucketCounts].reduce((a, b) => a + b, zeroCount);
  return {
    descriptor: { name, unit, description: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
    dataPoints: [
      { attributes, value: { sum: 1.5, count, scale: 0, ...value, zeroCount, positive, negative }, ...times },
    ],
  } as MetricData;
}

/** The metric with exemplars on its only point. */
export function withExemplars(of: MetricData, ...exemplars: [value: number, time: number, span: string][]): MetricData {
  const [point] = of.dataPoints;
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const list = exemplars.map(([value, time, span]) => ({ value, time, traceId, spanId: span.padStart(16, '0') }));
  return { ...of, dataPoints: [{ ...point, exemplars: list }] } as unknown as MetricData;
}
