import assert from 'node:assert/strict';
import { test } from 'node:test';
import { number, signed, table, times } from '../src/table.ts';

test('columns are as wide as they need: names to the left, numbers to the right', () => {
  const rows = [
    ['bare', '72 µs', ''],
    ['ours-metrics', '1.03×', '9 MB'],
  ];
  assert.deepEqual(table(['', 'CPU', 'memory'], rows).split('\n'), [
    '                CPU  memory',
    'bare          72 µs',
    'ours-metrics  1.03×    9 MB',
  ]);
});

test('a name with a sentence in place of numbers makes no column wider', () => {
  const rows = [
    ['a', '1', '2'],
    ['b', '– it needs a newer Node.js'],
  ];
  assert.deepEqual(table(['', 'x', 'y'], rows).split('\n'), ['   x  y', 'a  1  2', 'b  – it needs a newer Node.js']);
});

test('numbers have the digits that say something', () => {
  assert.deepEqual([0.421, 7.26, 45.67, 1870.4].map(number), ['0.42', '7.26', '45.7', '1,870']);
  assert.deepEqual([1.2, -0.3].map(signed), ['+1.20', '−0.30']);
  assert.equal(times(1.0349), '1.03×');
});
