import { ValueType } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type MetricData, type ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { type CellRegistry, type CounterMetric, timestamp } from '@otel-register/cells';
import { isThread, pidOf } from './member.ts';

/** How many answered when they were asked for their numbers: `late` ones are on the page as they were last known. */
export type Counts = Readonly<Record<'running' | 'late', number>>;

/** Who is in a group: processes, and the worker threads in them. */
export interface Members {
  readonly processes: Counts;
  readonly threads: Counts;
}

/** A process is one however many of its threads answered; each of them is counted as well. */
export function counted(running: readonly string[], late: readonly string[]): Members {
  const processes = (members: readonly string[]) => new Set(members.map(pidOf));
  const answering = processes(running);
  const silent = [...processes(late)].filter((pid) => !answering.has(pid));
  const threads: Counts = { running: running.filter(isThread).length, late: late.filter(isThread).length };
  return { processes: { running: answering.size, late: silent.length }, threads };
}

/** On every page of a group; threads only where there are some. */
export function membersMetrics(scope: string, { processes, threads }: Members): ScopeMetrics {
  const hasThreads = threads.running + threads.late > 0;
  const metrics = [metricOf('process', 'Processes of the cluster', processes)];
  if (hasThreads) metrics.push(metricOf('thread', 'Worker threads', threads));
  return { scope: { name: scope }, metrics };
}

function metricOf(what: 'process' | 'thread', who: string, counts: Counts): MetricData {
  const time = timestamp(Date.now());
  return {
    descriptor: {
      name: what === 'process' ? 'otel.cluster.processes' : 'otel.cluster.threads',
      unit: `{${what}}`,
      description: `${who} whose numbers are on this page; late ones with those that they had last.`,
      valueType: ValueType.INT,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: false,
    dataPoints: Object.entries(counts).map(([state, value]) => ({
      attributes: { [`otel.cluster.${what}.state`]: state },
      startTime: time,
      endTime: time,
      value,
    })),
  };
}

/** Counts each answer that did not come in time. */
export function lateAnswersMetric(cells: CellRegistry): CounterMetric {
  return cells.counter({
    name: 'otel.cluster.late_answers',
    unit: '{answer}',
    description: 'Times that a process of the cluster, or a worker thread, did not give its numbers within a second.',
  });
}
