import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBuckets, NO_BUCKETS, quantile } from '../src/buckets.ts';

const bounds = [0.1, 0.2, 0.4, Number.POSITIVE_INFINITY];

test('a quantile lies where Prometheus puts it: within its bucket as if observations were spread evenly', () => {
  const buckets = { bounds, counts: [0, 10, 10, 0] };
  assert.equal(quantile(0.5, buckets), 0.2);
  assert.ok(Math.abs((quantile(0.25, buckets) ?? 0) - 0.15) < 1e-12);
  assert.ok(Math.abs((quantile(0.9, buckets) ?? 0) - 0.36) < 1e-12);
});

test('of observations beyond the last bound only that bound is known', () => {
  assert.equal(quantile(0.99, { bounds, counts: [1, 0, 0, 9] }), 0.4);
});

test('of no observations there is no quantile', () => {
  assert.equal(quantile(0.5, NO_BUCKETS), undefined);
  assert.equal(quantile(0.5, { bounds, counts: [0, 0, 0, 0] }), undefined);
});

test('buckets are added up, and those of other bounds are not mixed in', () => {
  const one = { bounds, counts: [1, 2, 3, 4] };
  assert.deepEqual(addBuckets(one, one).counts, [2, 4, 6, 8]);
  assert.deepEqual(addBuckets(one, NO_BUCKETS), one);
  assert.deepEqual(addBuckets(one, { bounds: [1, Number.POSITIVE_INFINITY], counts: [1, 1] }), one);
});
