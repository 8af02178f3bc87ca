import { sampleValue, seconds } from './numbers.ts';

/** An observation and the span that it was made in, as points of metrics carry them beside OpenTelemetry's own fields. */
export interface Exemplar {
  readonly value: number;
  /** In milliseconds since the Unix epoch. */
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** What stands behind a sample's value; its labels have 63 characters, of the 128 that OpenMetrics 1.0 allows. */
export function exemplarText({ value, time, traceId, spanId }: Exemplar): string {
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${sampleValue(value)} ${seconds(time)}`;
}

export function latest(exemplars: readonly Exemplar[] = []): Exemplar | undefined {
  return exemplars.reduce<Exemplar | undefined>((last, one) => (last && last.time > one.time ? last : one), undefined);
}

/** The latest exemplar of each bucket that has one, by the bucket's index; undefined when there is none at all. */
export function latestOfBuckets(
  boundaries: readonly number[],
  exemplars: readonly Exemplar[] = [],
): (Exemplar | undefined)[] | undefined {
  if (exemplars.length === 0) return undefined;
  const byBucket: (Exemplar | undefined)[] = new Array(boundaries.length + 1).fill(undefined);
  for (const exemplar of exemplars) {
    const index = boundaries.findIndex((bound) => exemplar.value <= bound);
    const bucket = index === -1 ? boundaries.length : index;
    byBucket[bucket] = latest([exemplar, ...(byBucket[bucket] ? [byBucket[bucket]] : [])]);
  }
  return byBucket;
}
