import assert from 'node:assert/strict';

/** One observation of a histogram, and the span that it was made in. */
export interface Exemplar {
  readonly metric: string;
  /** Upper bound of the bucket. */
  readonly le: number;
  readonly value: number;
  /** Seconds since the Unix epoch. */
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}

const EXEMPLAR = /^(\w+)_bucket\{.*le="([^"]+)".*\} \d+ # \{trace_id="(\w{32})",span_id="(\w{16})"\} (\S+) (\S+)$/gm;

/** The exemplars of all buckets on the page, in OpenMetrics, which is what has them. */
export async function exemplarsOn(url: string): Promise<Exemplar[]> {
  const page = await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text();
  const found = Array.from(page.matchAll(EXEMPLAR), ([, metric = '', le, traceId = '', spanId = '', value, time]) => ({
    ...{ metric, traceId, spanId },
    ...{ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value: Number(value), time: Number(time) },
  }));
  assert.equal(found.length, page.split(' # {').length - 1, 'each exemplar of the page is read');
  return found;
}
