import type { Attributes } from '@opentelemetry/api';
import { labelPairs, labelText, type Naming } from './labels.ts';
import { sampleValue, seconds } from './numbers.ts';

/**
 * An observation with the span that it was made in, or with what else is known of it, as points of metrics carry them beside
 * OpenTelemetry's own fields.
 */
export interface Exemplar {
  readonly value: number;
  /** In milliseconds since the Unix epoch. */
  readonly time: number;
  readonly traceId?: string;
  readonly spanId?: string;
  /** What the series does not say itself (data model, "Exemplars"). */
  readonly filteredAttributes?: Attributes;
}

/** Exemplars have no legal labels but those of all versions. */
const NAMING: Naming = { strategy: 'no_translation', escaping: 'underscores' };

/** Most characters that its labels may have, names and values together (OpenMetrics 1.0, "Exemplars"). */
const MOST_CHARACTERS = 128;

/** The labels of an exemplar by name: those of the span, 63 characters, and the others where there is room for all of them. */
export function exemplarLabels({ traceId, spanId, filteredAttributes }: Exemplar): ReadonlyMap<string, string> {
  const span = new Map<string, string>();
  if (traceId !== undefined) span.set('trace_id', traceId);
  if (spanId !== undefined) span.set('span_id', spanId);
  if (filteredAttributes === undefined) return span;
  const all = new Map([...span, ...labelPairs(filteredAttributes, NAMING), ...span]);
  return [...[...all].flat().join('')].length > MOST_CHARACTERS ? span : all;
}

/** What stands behind a sample's value. */
export function exemplarText(exemplar: Exemplar): string {
  const { value, time, traceId, spanId, filteredAttributes } = exemplar;
  // Of a span alone, which is what a large page may have a hundred thousand of, there is nothing to escape.
  const isOfSpan = filteredAttributes === undefined && traceId !== undefined && spanId !== undefined;
  const labels = isOfSpan ? `trace_id="${traceId}",span_id="${spanId}"` : labelText(exemplarLabels(exemplar));
  return ` # {${labels}} ${sampleValue(value)} ${seconds(time)}`;
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
