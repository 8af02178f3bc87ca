import { emptyResource } from '@opentelemetry/resources';
import {
  type CollectionResult,
  InstrumentType,
  type MetricData,
  type MetricProducer,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { CellMetric, type MetricOptions } from './cell-metric.ts';
import { CounterCell } from './counter-cell.ts';
import { type CaptureSpan, captureNothing } from './exemplars.ts';
import { ExplicitHistogramCell } from './explicit-histogram-cell.ts';
import { ExponentialHistogramCell } from './exponential-histogram-cell.ts';
import { type CellData, type CellPoint, metricData, type Timestamp, timestamp } from './metric-data.ts';
import { type Observe, ObservedMetric } from './observed-metric.ts';
import { type Cell, snapshot } from './series.ts';

export interface CellRegistryOptions {
  /** Name of the instrumentation scope of all metrics of this registry. */
  readonly scope: string;
  /** Most series a metric may have, the overflow series not counted (OTEL_METRICS_CARDINALITY_LIMIT). */
  readonly cardinalityLimit: number;
  /** Gives histograms exponential buckets in place of their boundaries; false unless given. */
  readonly exponentialHistograms?: boolean;
  /** What asks for the span that an observation is remembered with; asks for none unless given. */
  readonly captureSpan?: CaptureSpan;
}

export type CounterMetric = CellMetric<CounterCell>;
/** Which of the two, the registry decides for all its histograms. */
export type HistogramCell = ExplicitHistogramCell | ExponentialHistogramCell;
export type HistogramMetric = CellMetric<HistogramCell>;

interface Source {
  readonly options: MetricOptions;
  readonly kind: CellData['kind'];
  readonly type: InstrumentType;
  /** @param isLive whether the points may be read later than now */
  read(startTime: Timestamp, endTime: Timestamp, isLive: boolean): CellData | Promise<CellData>;
  /** The same at once, with points that are read later; not of what is observed. */
  readonly recorded?: () => CellData;
}

/** All metrics of the probes. Its producers hand them to OpenTelemetry's readers, beside the application's own instruments. */
export class CellRegistry {
  readonly cardinalityLimit: number;
  readonly captureSpan: CaptureSpan;
  readonly #scope: string;
  readonly #exponentialHistograms: boolean;
  readonly #sources: Source[] = [];
  readonly #metrics: CellMetric<Cell>[] = [];
  readonly #startTime = timestamp(Date.now());

  constructor(options: CellRegistryOptions) {
    this.#scope = options.scope;
    this.cardinalityLimit = options.cardinalityLimit;
    this.#exponentialHistograms = options.exponentialHistograms ?? false;
    this.captureSpan = options.captureSpan ?? captureNothing;
    this.#observeOverflow();
  }

  counter(options: MetricOptions): CounterMetric {
    return this.#cells(options, 'counter', InstrumentType.COUNTER, () => new CounterCell());
  }

  upDownCounter(options: MetricOptions): CounterMetric {
    return this.#cells(options, 'upDownCounter', InstrumentType.UP_DOWN_COUNTER, () => new CounterCell());
  }

  /** @param options with the inclusive upper bounds of the buckets, ascending, without +Inf */
  histogram({ boundaries, ...options }: MetricOptions & { readonly boundaries: readonly number[] }): HistogramMetric {
    // A copy that all cells share: V8 keeps numbers apart, and slower to read, in an array that somebody has frozen.
    const own = [...boundaries];
    return this.#exponentialHistograms
      ? this.#cells(options, 'exponentialHistogram', InstrumentType.HISTOGRAM, () => new ExponentialHistogramCell())
      : this.#cells(options, 'histogram', InstrumentType.HISTOGRAM, () => new ExplicitHistogramCell(own));
  }

  observedGauge(options: MetricOptions, observe: Observe): void {
    this.#observed(options, 'gauge', InstrumentType.OBSERVABLE_GAUGE, observe);
  }

  /** A monotonic sum. */
  observedCounter(options: MetricOptions, observe: Observe): void {
    this.#observed(options, 'counter', InstrumentType.OBSERVABLE_COUNTER, observe);
  }

  /** A sum that may go down, such as the connections of a pool: one that can be added up over processes. */
  observedUpDownCounter(options: MetricOptions, observe: Observe): void {
    this.#observed(options, 'upDownCounter', InstrumentType.OBSERVABLE_UP_DOWN_COUNTER, observe);
  }

  /** Every metric that was declared, without its points. */
  get declared(): MetricData[] {
    return this.#sources.map(({ options, kind, type }) => metricData(options, type, { kind, points: [] }));
  }

  /** What a reader collects from. */
  producer(): MetricProducer {
    return { collect: () => this.#collect(false) };
  }

  /**
   * What a reader collects from that reads each point once, soon and when it comes to it: the points are read then, not at the
   * collection, which is over at once however many there are.
   */
  liveProducer(): MetricProducer {
    return { collect: () => this.#collect(true) };
  }

  /** What was recorded until now, at once, for an exit waits for nothing: without what is observed. Each point is read when it is come to. */
  recorded(): ScopeMetrics {
    const metrics = this.#sources.flatMap(({ options, type, recorded }) => {
      const data = recorded?.();
      return data && data.points.length > 0 ? [metricData(options, type, data)] : [];
    });
    return { scope: { name: this.#scope }, metrics };
  }

  /** Collects every metric that has a point. One that fails costs itself alone: its error is among `errors`, with its name. */
  async #collect(isLive: boolean): Promise<CollectionResult> {
    const endTime = timestamp(Date.now());
    const errors: unknown[] = [];
    const collected = this.#sources.map(async ({ options, type, read }) => {
      try {
        const data = await read(this.#startTime, endTime, isLive);
        return data.points.length > 0 ? [metricData(options, type, data)] : [];
      } catch (error) {
        errors.push(new Error(`${options.name}: ${error instanceof Error ? error.message : error}`, { cause: error }));
        return [];
      }
    });
    const metrics = (await Promise.all(collected)).flat();
    const scopeMetrics = [{ scope: { name: this.#scope }, metrics }];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors };
  }

  #cells<C extends Cell>(
    options: MetricOptions,
    kind: CellData['kind'],
    type: InstrumentType,
    makeCell: () => C,
  ): CellMetric<C> {
    const metric = new CellMetric(options, this.cardinalityLimit, makeCell, this.#startTime);
    const recorded = () => ({ kind, points: Array.from<CellPoint<unknown>>(metric.series) }) as CellData;
    const read = (_startTime: Timestamp, endTime: Timestamp, isLive: boolean) => {
      const { points } = recorded();
      return { kind, points: isLive ? points : points.map((point) => snapshot(point, endTime)) } as CellData;
    };
    this.#metrics.push(metric);
    this.#sources.push({ options, kind, type, read, recorded });
    return metric;
  }

  #observed(
    options: MetricOptions,
    kind: 'counter' | 'upDownCounter' | 'gauge',
    type: InstrumentType,
    observe: Observe,
  ) {
    const metric = new ObservedMetric(options, observe);
    this.#sources.push({
      options,
      kind,
      type,
      read: async (startTime, endTime) => ({ kind, points: await metric.points(startTime, endTime) }),
    });
  }

  #observeOverflow(): void {
    const options = {
      name: 'otel.metric.overflow.recordings',
      unit: '{recording}',
      description: 'What was recorded on overflow series because a metric has its full number of label sets.',
    };
    this.observedCounter(options, (report) => {
      for (const { options, overflow } of this.#metrics) {
        if (overflow) report(recordingsOf(overflow.cell), { 'otel.metric.name': options.name });
      }
    });
  }
}

function recordingsOf({ value }: Cell): number {
  return typeof value === 'number' ? value : value.count;
}
