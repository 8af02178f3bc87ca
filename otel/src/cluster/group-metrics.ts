import { ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { CellRegistry, CounterMetric } from '@otel-register/cells';

/** How a process answered when it was asked for its numbers: `late` ones are on the page as they were last known. */
export type State = 'running' | 'late';

const PROCESSES = {
  name: 'otel.cluster.processes',
  unit: '{process}',
  description: 'Processes of the cluster whose numbers are on this page; late ones with those that they had last.',
  valueType: ValueType.INT,
};

/** Of the processes of a cluster, on every page of theirs. */
export function processesMetric(scope: string, counts: Readonly<Record<State, number>>): ScopeMetrics {
  const now = Date.now();
  const time: DataPoint<number>['startTime'] = [Math.floor(now / 1000), (now % 1000) * 1e6];
  const dataPoints = Object.entries(counts).map(([state, value]) => ({
    attributes: { 'otel.cluster.process.state': state },
    startTime: time,
    endTime: time,
    value,
  }));
  const metric: MetricData = {
    descriptor: PROCESSES,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: false,
    dataPoints,
  };
  return { scope: { name: scope }, metrics: [metric] };
}

/** Counts each answer that did not come in time. */
export function lateAnswersMetric(cells: CellRegistry): CounterMetric {
  return cells.counter({
    name: 'otel.cluster.late_answers',
    unit: '{answer}',
    description: 'Times that a process of the cluster did not give its numbers within a second.',
  });
}
