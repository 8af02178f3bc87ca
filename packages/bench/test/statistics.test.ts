import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, median, quantile, spread } from '../src/statistics.ts';

test('the median is the middle value, or lies between the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('quantiles go from the least to the greatest value and leave what they are given in its order', () => {
  const values = [50, 10, 40, 20, 30];
  assert.deepEqual(
    [0, 0.25, 0.5, 0.9, 1].map((part) => quantile(values, part)),
    [10, 20, 30, 46, 50],
  );
  assert.deepEqual(values, [50, 10, 40, 20, 30]);
});

test('a spread has the quartiles and the extremes', () => {
  const expected = { min: 1, lowerQuartile: 2, median: 3, upperQuartile: 4, max: 100 };
  assert.deepEqual(spread([3, 1, 100, 2, 4]), expected);
});

test('ratios are taken within pairs, so that what slowed both of a pair down is not in them', () => {
  const { bare, variant, ratio, difference } = compare([
    [100, 110],
    [400, 440],
    [50, 60],
  ]);
  assert.equal(bare, 100);
  assert.equal(variant, 110);
  assert.equal(ratio.median, 1.1);
  assert.equal(ratio.max, 1.2);
  assert.deepEqual([difference.min, difference.median, difference.max], [10, 10, 40]);
});
