import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOpenMetrics } from '../src/openmetrics.ts';
import { Reading } from '../src/reading.ts';

const keyOf = (labels: ReadonlyMap<string, string>) => labels.get('cache_name');

function page(hits: Record<string, number>, start = 100) {
  const lines = Object.entries(hits).map(([name, value]) => `cache_hits_total{cache_name="${name}"} ${value}`);
  return parseOpenMetrics(
    [
      '# TYPE cache_hits counter',
      ...lines,
      '# TYPE process_start_time_seconds gauge',
      `process_start_time_seconds ${start}`,
      '# EOF\n',
    ].join('\n'),
  );
}

function durations(buckets: readonly number[], sum: number) {
  const bounds = ['0.1', '1', '+Inf'];
  const lines = buckets.map(
    (count, index) => `http_server_request_duration_seconds_bucket{le="${bounds[index]}"} ${count}`,
  );
  return parseOpenMetrics(
    [
      '# TYPE http_server_request_duration_seconds histogram',
      ...lines,
      `http_server_request_duration_seconds_sum ${sum}`,
      `http_server_request_duration_seconds_count ${buckets.at(-1)}`,
      '# EOF\n',
    ].join('\n'),
  );
}

function counts(reading: Reading): Record<string, number> {
  return Object.fromEntries(Array.from(reading.increases('cache_hits', keyOf), ([key, { count }]) => [key, count]));
}

test('of the first page nothing is known to have come since another, but the totals are', () => {
  const reading = new Reading(page({ a: 10 }), 1000);
  assert.deepEqual(counts(reading), { a: 0 });
  assert.equal(reading.increases('cache_hits', keyOf).get('a')?.total, 10);
});

test('what came since is the difference, and all of a series that is new', () => {
  const first = new Reading(page({ a: 10 }), 1000);
  const second = new Reading(page({ a: 13, b: 2 }), 3000, first);
  assert.deepEqual(counts(second), { a: 3, b: 2 });
  assert.equal(second.seconds, 2);
  assert.equal(second.isRestart, false);
});

test('a counter that is lower than before began anew, and all of it came since', () => {
  const first = new Reading(page({ a: 10, b: 10 }, 100), 1000);
  const second = new Reading(page({ a: 4, b: 10 }, 200), 2000, first);
  assert.deepEqual(counts(second), { a: 4, b: 0 });
  assert.equal(second.isRestart, true);
});

test('what came to each bucket is the difference of those that are no longer counted in the next', () => {
  const first = new Reading(durations([1, 3, 4], 10), 1000);
  const { count, sum, buckets } = new Reading(durations([3, 5, 7], 16), 2000, first).increase(
    'http_server_request_duration',
  );
  assert.deepEqual([count, sum, buckets.counts], [3, 6, [2, 0, 1]]);
});

test('the buckets of a histogram that began anew are all of it', () => {
  const first = new Reading(durations([5, 6, 7], 10), 1000);
  const { count, buckets } = new Reading(durations([1, 1, 2], 3), 2000, first).increase('http_server_request_duration');
  assert.deepEqual([count, buckets.counts], [2, [1, 0, 1]]);
});
