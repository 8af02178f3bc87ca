import type { Attributes } from '@opentelemetry/api';

/** Of what is beyond the limit of a metric's series (metrics SDK, "Overflow attribute"). */
export const OVERFLOW: Attributes = Object.freeze({ 'otel.metric.overflow': true });

const keys = new WeakMap<Attributes, string>();

/** The same text for the same attributes, in whatever order; it is made once for an attributes object. */
export function keyOf(attributes: Attributes): string {
  let key = keys.get(attributes);
  if (key === undefined) {
    key = textOf(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    keys.set(attributes, key);
  }
  return key;
}

function textOf(entries: [string, unknown][]): string {
  try {
    return JSON.stringify(entries, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    // A cycle, which is no value of an attribute: the pairs that have a text are what tells the series.
    return JSON.stringify(entries.filter(([, value]) => typeof value !== 'object'));
  }
}

/**
 * Keeps one attributes object for each key, so that those who keep something by the object, such as the text of its labels,
 * find it again at the next scrape; and no longer than the series live.
 */
export class KnownSeries {
  #before = new Map<string, Attributes>();
  #now = new Map<string, Attributes>();
  readonly #bounds = new Map<string, readonly number[]>();

  attributes(key: string): Attributes {
    let attributes = this.#now.get(key) ?? this.#before.get(key);
    if (attributes === undefined) {
      attributes = Object.freeze(Object.fromEntries(JSON.parse(key) as [string, never][]));
      keys.set(attributes, key);
    }
    this.#now.set(key, attributes);
    return attributes;
  }

  /** The bounds of a histogram, the same list for all that have them. */
  boundaries(bounds: readonly number[]): readonly number[] {
    const key = bounds.join();
    const known = this.#bounds.get(key);
    if (known) return known;
    if (this.#bounds.size < 1000) this.#bounds.set(key, bounds);
    return bounds;
  }

  /** Forgets what was not asked for since the last time. */
  forgetTheRest(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
