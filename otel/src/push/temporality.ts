import type { HrTime } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  InstrumentType,
  type MetricData,
  type MetricDescriptor,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { inSlices } from '@otel-register/listener';
import { withPoints } from '../cluster/merge.ts';
import { keyOf } from '../cluster/series-key.ts';
import type { Config } from '../settings.ts';
import { difference, type Value } from './delta.ts';

type Preference = Config['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'];

const { COUNTER, HISTOGRAM, OBSERVABLE_COUNTER } = InstrumentType;

/** What is sent as that which came since the last time (OTLP exporter, "Additional Environment Variable Configuration"). */
const DELTAS: Record<Preference, readonly InstrumentType[]> = {
  cumulative: [],
  delta: [COUNTER, OBSERVABLE_COUNTER, HISTOGRAM],
  lowmemory: [COUNTER, HISTOGRAM],
};

type Point = DataPoint<Value>;
type Scope = ScopeMetrics['scope'];
type Made = readonly [Scope, MetricData];

/** What a receiver knows of a series. */
interface Known {
  readonly value: Value;
  readonly time: HrTime;
}

/** So many series that are gone are remembered: one that comes back is not told from its beginning. */
const GONE = 10_000;

/**
 * Makes of metrics what one receiver is sent: points of the moment at which they were collected, with the temporality that it
 * prefers. What it did not take is in the next ones, so nothing is lost while it is away.
 */
export class Temporality {
  readonly #deltas: readonly InstrumentType[];
  readonly #known = new Map<string, Known>();
  readonly #after = new WeakMap<Point, () => void>();
  /** The first moment after the clock was turned back behind the start of something. */
  #turnedBack: HrTime | undefined;

  constructor(preference: Preference) {
    this.#deltas = DELTAS[preference];
  }

  /** @param all cumulative. The service has its turns in between. */
  async of(all: readonly ScopeMetrics[]): Promise<ScopeMetrics[]> {
    const made: Made[] = [];
    for await (const metric of inSlices(this.#each(all))) made.push(metric);
    return byScope(made);
  }

  /** The same at once. */
  now(all: readonly ScopeMetrics[]): ScopeMetrics[] {
    return byScope([...this.#each(all)]);
  }

  /** To be told of those that the receiver has. */
  taken(scopeMetrics: readonly ScopeMetrics[]): void {
    if (this.#deltas.length === 0) return;
    for (const { metrics } of scopeMetrics) {
      for (const { dataPoints } of metrics) for (const point of dataPoints as Point[]) this.#after.get(point)?.();
    }
  }

  /** Metric by metric. */
  *#each(all: readonly ScopeMetrics[]): Generator<Made, void, void> {
    const seen = new Set<string>();
    for (const { scope, metrics } of all) {
      // Kinds that OpenTelemetry does not know have no place in OTLP's exporters.
      const known = metrics.filter(({ dataPointType }) => DataPointType[dataPointType] !== undefined);
      for (const metric of known) yield [scope, this.#made(scope, metric, seen)];
    }
    this.#forget(seen);
  }

  #made({ name, version = '' }: Scope, metric: MetricData, seen: Set<string>): MetricData {
    const points = (metric.dataPoints as Point[]).map((point) => this.#snapshot(point));
    if (!this.#isDelta(metric)) return withPoints(metric, points);
    const prefix = `${name}\n${version}\n${metric.descriptor.name}\n`;
    const deltas = points.map((point) => this.#delta(prefix + keyOf(point.attributes), point, seen));
    return { ...withPoints(metric, deltas), aggregationTemporality: AggregationTemporality.DELTA };
  }

  #isDelta({ descriptor }: MetricData): boolean {
    return this.#deltas.includes((descriptor as MetricDescriptor & { readonly type: InstrumentType }).type);
  }

  #snapshot({ attributes, startTime, endTime, value }: Point): Point {
    return { attributes, startTime: this.#startOf(startTime, endTime), endTime, value };
  }

  /** Receivers refuse what ends before it starts, and take a start that is another each time for a reset each time. */
  #startOf(start: HrTime, end: HrTime): HrTime {
    if (!isLater(start, end)) return start;
    if (this.#turnedBack === undefined || isLater(this.#turnedBack, end)) this.#turnedBack = end;
    return this.#turnedBack;
  }

  #delta(key: string, point: Point, seen: Set<string>): Point {
    seen.add(key);
    const before = this.#known.get(key);
    const value = before && difference(point.value, before.value);
    // A copy, which is its own key, in any case.
    const startTime = this.#startOf(before?.time ?? point.startTime, point.endTime);
    const delta = value === undefined ? { ...point } : { ...point, value, startTime };
    this.#after.set(delta, () => this.#known.set(key, { value: point.value, time: point.endTime }));
    return delta;
  }

  #forget(seen: ReadonlySet<string>): void {
    if (this.#known.size <= seen.size + GONE) return;
    for (const key of this.#known.keys()) if (!seen.has(key)) this.#known.delete(key);
  }
}

function byScope(made: readonly Made[]): ScopeMetrics[] {
  const scopes = new Map(made.map(([scope]): [Scope, MetricData[]] => [scope, []]));
  for (const [scope, metric] of made) scopes.get(scope)?.push(metric);
  return Array.from(scopes, ([scope, metrics]) => ({ scope, metrics }));
}

function isLater([seconds, nanoseconds]: HrTime, [otherSeconds, otherNanoseconds]: HrTime): boolean {
  return seconds > otherSeconds || (seconds === otherSeconds && nanoseconds > otherNanoseconds);
}
