import type { HrTime } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import type { CollectionResult, DataPoint, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import { CounterMetric, gauge, HistogramMetric, type MetricOptions, type PartialAttributes, sum } from './metrics.ts';

export interface CellRegistryOptions {
  /** Name of the instrumentation scope of all metrics of this registry. */
  readonly scope: string;
  /** Most series a metric may have, the overflow series not counted (OTEL_METRICS_CARDINALITY_LIMIT). */
  readonly cardinalityLimit: number;
}

/** Gives one point of an observed metric: its value, in the unit of the metric, and its attributes. */
export type ReportPoint = (value: number, attributes: PartialAttributes) => void;

/** Reads what is observed, at each collection; may be asynchronous. */
export type Observe = (report: ReportPoint) => void | Promise<void>;

interface Source {
  collect(startTime: HrTime, endTime: HrTime): MetricData | Promise<MetricData>;
}

/**
 * All metrics of the probes, as a MetricProducer: any OpenTelemetry reader collects them beside the application's own
 * instruments. Temporality is cumulative since the registry was made.
 */
export class CellRegistry implements MetricProducer {
  readonly cardinalityLimit: number;
  readonly #scope: string;
  readonly #sources: Source[] = [];
  readonly #startTime = toHrTime(Date.now());

  constructor(options: CellRegistryOptions) {
    this.#scope = options.scope;
    this.cardinalityLimit = options.cardinalityLimit;
  }

  counter(options: MetricOptions): CounterMetric {
    return this.#add(new CounterMetric(options, this.cardinalityLimit, true));
  }

  upDownCounter(options: MetricOptions): CounterMetric {
    return this.#add(new CounterMetric(options, this.cardinalityLimit, false));
  }

  /** @param options with the inclusive upper bounds of the buckets, ascending, without +Inf */
  histogram(options: MetricOptions & { readonly boundaries: readonly number[] }): HistogramMetric {
    const { boundaries, ...rest } = options;
    return this.#add(new HistogramMetric(rest, this.cardinalityLimit, boundaries));
  }

  /** A gauge whose points are read at each collection: what is no longer reported is no longer there. */
  observedGauge(options: MetricOptions, observe: Observe): void {
    this.#add({
      collect: async (startTime, endTime) => gauge(options, await observed(observe, startTime, endTime)),
    });
  }

  /** A monotonic sum that somebody else keeps and that is read at each collection. */
  observedCounter(options: MetricOptions, observe: Observe): void {
    this.#add({
      collect: async (startTime, endTime) => sum(options, true, await observed(observe, startTime, endTime)),
    });
  }

  /** Collects every metric that has a point. One that fails costs itself alone: its error is among `errors`. */
  async collect(): Promise<CollectionResult> {
    const endTime = toHrTime(Date.now());
    const settled = await Promise.allSettled(this.#sources.map(async (s) => s.collect(this.#startTime, endTime)));
    const metrics = settled
      .flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      .filter((metric) => metric.dataPoints.length > 0);
    const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    const scopeMetrics = [{ scope: { name: this.#scope }, metrics }];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors };
  }

  #add<S extends Source>(source: S): S {
    this.#sources.push(source);
    return source;
  }
}

async function observed(observe: Observe, startTime: HrTime, endTime: HrTime): Promise<DataPoint<number>[]> {
  const points: DataPoint<number>[] = [];
  await observe((value, partial) => {
    const attributes = Object.fromEntries(Object.entries(partial).filter(([, v]) => v !== undefined));
    points.push({ attributes: attributes as DataPoint<number>['attributes'], startTime, endTime, value });
  });
  return points;
}

function toHrTime(epochMilliseconds: number): HrTime {
  return [Math.floor(epochMilliseconds / 1000), (epochMilliseconds % 1000) * 1e6];
}
