import { ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type InstrumentType,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import type { MetricOptions } from './cell-metric.ts';
import type { Exemplar } from './exemplars.ts';

export type Timestamp = DataPoint<unknown>['startTime'];

/** A moment as points have it. */
export function timestamp(epochMilliseconds: number): Timestamp {
  return [Math.floor(epochMilliseconds / 1000), (epochMilliseconds % 1000) * 1e6];
}

/** A point as a reader gets it, with the exemplars that OpenTelemetry's JavaScript type has no place for. */
export interface CellPoint<T> extends DataPoint<T> {
  readonly exemplars?: readonly Exemplar[];
}

/** The kinds of point that cells make, each with the value that it carries. */
export type CellData =
  | { readonly kind: 'counter' | 'upDownCounter' | 'gauge'; readonly points: CellPoint<number>[] }
  | { readonly kind: 'histogram'; readonly points: CellPoint<Histogram>[] }
  | { readonly kind: 'exponentialHistogram'; readonly points: CellPoint<ExponentialHistogram>[] };

/** Cell data as the reader's MetricData, of all that was since the start (data model, "Temporality": cumulative). */
export function metricData(options: MetricOptions, type: InstrumentType, data: CellData): MetricData {
  const described = {
    // With the kind of the instrument, as OpenTelemetry's own have it.
    descriptor: { ...options, type, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  switch (data.kind) {
    case 'counter':
    case 'upDownCounter':
      return {
        ...described,
        dataPointType: DataPointType.SUM,
        isMonotonic: data.kind === 'counter',
        dataPoints: data.points,
      };
    case 'gauge':
      return { ...described, dataPointType: DataPointType.GAUGE, dataPoints: data.points };
    case 'histogram':
      return { ...described, dataPointType: DataPointType.HISTOGRAM, dataPoints: data.points };
    case 'exponentialHistogram':
      return { ...described, dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints: data.points };
  }
}
