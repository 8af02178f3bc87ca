import type { Attributes } from '@opentelemetry/api';
import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';
import type { CellData, CellPoint, Timestamp } from './metric-data.ts';

type Value = number | Histogram | ExponentialHistogram;

/** What one reader was told last, so that it can be told what came since (data model, "Temporality": delta). */
export class DeltaState {
  /** By the attributes object, which is the identity of a series. */
  readonly #last = new WeakMap<Attributes, Value>();
  #lastTime: Timestamp | undefined;

  /** The points as deltas since the previous collection; those of a series seen for the first time as they are. */
  since(data: CellData): CellData {
    switch (data.kind) {
      case 'histogram':
        return { kind: data.kind, points: this.#changes(data.points, lessHistogram) };
      case 'exponentialHistogram':
        return { kind: data.kind, points: this.#changes(data.points, lessExponential) };
      default:
        return { kind: data.kind, points: this.#changes(data.points, (now, before) => now - before) };
    }
  }

  /** Ends a collection: the next one starts here. */
  collectedAt(time: Timestamp): void {
    this.#lastTime = time;
  }

  #changes<T extends Value>(points: CellPoint<T>[], less: (now: T, before: T) => T): CellPoint<T>[] {
    return points.map((point) => {
      const before = this.#last.get(point.attributes) as T | undefined;
      this.#last.set(point.attributes, point.value);
      const value = before === undefined ? point.value : less(point.value, before);
      return { ...point, value, startTime: this.#lastTime ?? point.startTime };
    });
  }
}

function lessHistogram(now: Histogram, before: Histogram): Histogram {
  const counts = now.buckets.counts.map((count, bucket) => count - (before.buckets.counts[bucket] ?? 0));
  return {
    buckets: { boundaries: now.buckets.boundaries, counts },
    sum: (now.sum ?? 0) - (before.sum ?? 0),
    count: now.count - before.count,
  };
}

function lessExponential(now: ExponentialHistogram, before: ExponentialHistogram): ExponentialHistogram {
  const bucketCounts = [...now.positive.bucketCounts];
  // The earlier buckets were as fine or finer: each lies within one of now's.
  const coarser = before.scale - now.scale;
  for (const [bucket, count] of before.positive.bucketCounts.entries()) {
    const index = ((before.positive.offset + bucket) >> coarser) - now.positive.offset;
    bucketCounts[index] = (bucketCounts[index] ?? 0) - count;
  }
  return {
    ...now,
    count: now.count - before.count,
    sum: (now.sum ?? 0) - (before.sum ?? 0),
    zeroCount: now.zeroCount - before.zeroCount,
    positive: { offset: now.positive.offset, bucketCounts },
  };
}
