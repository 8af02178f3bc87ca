import { type Attributes, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { CounterCell, HistogramCell } from './cells.ts';

/** Name, UCUM unit and description as OpenTelemetry's instruments have them: names dotted, no unit in the name. */
export interface MetricOptions {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

type Timestamp = DataPoint<number>['startTime'];

/** Attributes as a probe has them: those that are undefined do not exist on the series. */
export type PartialAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** The label set of the series that takes what is beyond a bound (OpenTelemetry metrics SDK, "Cardinality limits"). */
export const OVERFLOW: PartialAttributes = Object.freeze({ 'otel.metric.overflow': true });

/** The series of one metric: bound once by their attributes, at most `limit` of them and one for what overflows. */
abstract class CellMetric<Cell> {
  readonly options: MetricOptions;
  readonly #limit: number;
  readonly #series = new Map<string, { readonly attributes: Attributes; readonly cell: Cell }>();

  constructor(options: MetricOptions, limit: number) {
    this.options = options;
    this.#limit = limit;
  }

  /** The cell for these attributes, always the same one; the overflow cell once the metric has its full number of series. */
  bind(attributes: PartialAttributes): Cell {
    const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
    const key = JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#series.get(key);
    if (known) return known.cell;
    if (this.#series.size >= this.#limit && attributes !== OVERFLOW) return this.bind(OVERFLOW);
    const cell = this.makeCell();
    this.#series.set(key, { attributes: Object.freeze(Object.fromEntries(entries)) as Attributes, cell });
    return cell;
  }

  protected abstract makeCell(): Cell;
  abstract collect(startTime: Timestamp, endTime: Timestamp): MetricData;

  protected points<T>(startTime: Timestamp, endTime: Timestamp, read: (cell: Cell) => T): DataPoint<T>[] {
    return Array.from(this.#series.values(), ({ attributes, cell }) => ({
      attributes,
      startTime,
      endTime,
      value: read(cell),
    }));
  }
}

/** A sum: monotonic (a counter) or not (an up-down counter, a gauge in Prometheus). */
export class CounterMetric extends CellMetric<CounterCell> {
  readonly #isMonotonic: boolean;

  constructor(options: MetricOptions, limit: number, isMonotonic: boolean) {
    super(options, limit);
    this.#isMonotonic = isMonotonic;
  }

  protected override makeCell(): CounterCell {
    return new CounterCell();
  }

  override collect(startTime: Timestamp, endTime: Timestamp): MetricData {
    return sum(
      this.options,
      this.#isMonotonic,
      this.points(startTime, endTime, (cell) => cell.value),
    );
  }
}

/** A histogram with explicit bucket boundaries. */
export class HistogramMetric extends CellMetric<HistogramCell> {
  readonly #boundaries: readonly number[];

  constructor(options: MetricOptions, limit: number, boundaries: readonly number[]) {
    super(options, limit);
    this.#boundaries = boundaries;
  }

  protected override makeCell(): HistogramCell {
    return new HistogramCell(this.#boundaries);
  }

  override collect(startTime: Timestamp, endTime: Timestamp): MetricData {
    const read = (cell: HistogramCell): Histogram => {
      const counts = cell.counts;
      const count = counts.reduce((total, inBucket) => total + inBucket, 0);
      return { buckets: { boundaries: [...this.#boundaries], counts }, sum: cell.sum, count };
    };
    return {
      ...described(this.options),
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: this.points(startTime, endTime, read),
    };
  }
}

/** A sum as a reader expects it. */
export function sum(options: MetricOptions, isMonotonic: boolean, dataPoints: DataPoint<number>[]): MetricData {
  return { ...described(options), dataPointType: DataPointType.SUM, isMonotonic, dataPoints };
}

/** A gauge as a reader expects it. */
export function gauge(options: MetricOptions, dataPoints: DataPoint<number>[]): MetricData {
  return { ...described(options), dataPointType: DataPointType.GAUGE, dataPoints };
}

function described(options: MetricOptions) {
  return {
    descriptor: { ...options, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}
