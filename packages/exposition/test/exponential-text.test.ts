import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { exponential, page, withExemplars } from './support/pages.ts';
import { parseText } from './support/prometheus-text-parser.ts';

type Value = Parameters<typeof exponential>[3];

/** The cumulative counts of an exponential histogram on the page, by bound. */
function buckets(value: Value, unit = 's'): Map<string, number> {
  const { text, warnings } = page([exponential('h', unit, {}, value)]);
  assert.deepEqual(warnings, []);
  const samples = parseText(text)[0]?.samples ?? [];
  return new Map(
    samples.filter(({ name }) => name.endsWith('_bucket')).map(({ labels, value }) => [labels.get('le') ?? '', value]),
  );
}

test('X7 F10: an exponential histogram has buckets, sum and count on the text pages', () => {
  const value = { scale: 0, sum: 12, zeroCount: 1, positive: { offset: 0, bucketCounts: [1, 2, 4] } };
  const { text } = page([exponential('h', 's', { a: 'b' }, value)]);
  assert.match(text, /^# TYPE h_seconds histogram\n/);
  for (const line of ['bucket{a="b",le="1"} 1', 'bucket{a="b",le="2"} 2', 'bucket{a="b",le="4"} 4']) {
    assert.ok(text.includes(`\nh_seconds_${line}\n`), line);
  }
  assert.ok(
    text.endsWith('\nh_seconds_bucket{a="b",le="+Inf"} 8\nh_seconds_sum{a="b"} 12\nh_seconds_count{a="b"} 8\n'),
  );
});

test('X7: counts are exact at every bound, whatever the scale', () => {
  // Buckets (1, 2^(1/8)] … (…, 2], and (2, …] … at scale 3.
  const fine = buckets({ scale: 3, positive: { offset: 0, bucketCounts: new Array(16).fill(1) } });
  assert.deepEqual([fine.get('1'), fine.get('2'), fine.get('4')], [0, 8, 16]);
  // (1/4, 1] and (1, 4] at scale -1: what is above 1 is not counted at 2.
  const coarse = buckets({ scale: -1, positive: { offset: -1, bucketCounts: [3, 5] } });
  assert.deepEqual(
    ['0.25', '0.5', '1', '2', '4'].map((bound) => coarse.get(bound)),
    [0, 0, 3, 3, 8],
  );
});

test('H8: the layout depends on the unit alone', () => {
  const empty = [...buckets({ scale: 20 }).keys()];
  assert.deepEqual([...buckets({ scale: -10, positive: { offset: -1, bucketCounts: [1, 1] } }).keys()], empty);
  assert.equal(empty.length, 24);
  const [first, last] = [empty[0], empty.at(-2)];
  assert.deepEqual([first, last], ['0.0001220703125', '512']);
  const bytes = [...buckets({ scale: 0 }, 'By').keys()];
  assert.deepEqual([bytes[0], bytes.at(-2), bytes.length], ['9.5367431640625e-07', '1.099511627776e+12', 32]);
});

test('H1: what is smaller or greater than every bound is in the first or the last bucket', () => {
  const extreme = buckets({ scale: 0, zeroCount: 1, positive: { offset: -1074, bucketCounts: [1] } });
  assert.equal(extreme.get('0.0001220703125'), 2);
  const great = buckets({ scale: 0, positive: { offset: 1000, bucketCounts: [1] } });
  assert.deepEqual([great.get('512'), great.get('+Inf')], [0, 1]);
});

test('H3: negative observations are in the first bucket, and OpenMetrics has no sum of them', () => {
  const value = { scale: 0, sum: -3, negative: { offset: 0, bucketCounts: [2] } };
  assert.equal(buckets(value).get('0.0001220703125'), 2);
  const [family] = parseOpenMetrics(page([exponential('h', 's', {}, value)], {}, 'OpenMetrics').text);
  assert.ok(family?.samples.every(({ name }) => name === 'h_seconds_bucket'));
});

test('E1 E5: its exemplars stand at the buckets that they fall into', () => {
  const value = { scale: 0, positive: { offset: 0, bucketCounts: [1, 1] } };
  const { text } = page([withExemplars(exponential('h', 's', {}, value), [3, 1000, 'a'])], {}, 'OpenMetrics');
  parseOpenMetrics(text);
  assert.match(text, /le="4.0"\} 2 # \{trace_id="\w+",span_id="000000000000000a"\} 3 1\.000\n/);
});
