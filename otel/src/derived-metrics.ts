import type { Attributes } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { inSlices } from '@otel-register/listener';
import { addExponential, addHistograms } from './cluster/histograms.ts';

/** A metric made from another one: some of its points, under another name and with other labels. */
export interface Derivation {
  readonly name: string;
  readonly unit?: string;
  /** Name of the instrument that it is made from. */
  readonly from: string;
  /** New label by the attribute that it is taken from; none unless given. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Which points count; all unless given. */
  readonly where?: (attributes: Attributes) => boolean;
  /** `count` makes a counter of a histogram's observations. */
  readonly take?: 'count';
}

type Value = number | Histogram | ExponentialHistogram;

/**
 * Makes the derived metrics of what was collected. Points that differ only in attributes which the derivation leaves out are
 * added up. A metric that was not collected derives nothing. Everybody else has a turn in between.
 */
export async function derive(
  derivations: readonly Derivation[],
  metrics: readonly MetricData[],
): Promise<MetricData[]> {
  const byName = new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
  const all: MetricData[] = [];
  for (const derivation of derivations) {
    const source = byName.get(derivation.from);
    if (source) all.push(await derived(derivation, source));
  }
  return all;
}

async function derived(
  { name, unit = '', labels = {}, where = () => true, take }: Derivation,
  source: MetricData,
): Promise<MetricData> {
  const points = new Map<string, DataPoint<Value>>();
  for await (const point of inSlices(source.dataPoints as DataPoint<Value>[])) {
    if (!where(point.attributes)) continue;
    const pairs = Object.entries(labels).map(([label, attribute]) => [label, point.attributes[attribute]]);
    const attributes = Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as Attributes;
    const value = take === 'count' ? (point.value as Exclude<Value, number>).count : point.value;
    const key = JSON.stringify(attributes);
    const same = points.get(key);
    const { startTime, endTime } = point;
    points.set(key, { attributes, startTime, endTime, value: same ? sumOf(same.value, value) : value });
  }
  const description = `${source.descriptor.description} (${source.descriptor.name} under its classic name)`;
  const kind = take === 'count' ? { dataPointType: DataPointType.SUM, isMonotonic: true } : {};
  const descriptor = { ...source.descriptor, name, unit, description };
  return { ...source, ...kind, descriptor, dataPoints: [...points.values()] } as MetricData;
}

function sumOf(a: Value, b: Value): Value {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) + Number(b);
  if ('buckets' in a && 'buckets' in b) return addHistograms(a, b);
  return addExponential(a as ExponentialHistogram, b as ExponentialHistogram);
}
