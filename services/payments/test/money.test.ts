import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_AMOUNT, minorUnits } from '../src/money.ts';

test('a sum from the database keeps every unit that JSON can carry', () => {
  assert.equal(minorUnits('0'), 0);
  assert.equal(minorUnits(String(MAX_AMOUNT)), 99_999_999_999);
  assert.equal(minorUnits('9007199254740991'), Number.MAX_SAFE_INTEGER);
});

test('a sum that JSON would round is refused, naming it', () => {
  assert.throws(() => minorUnits('9007199254740993'), /9007199254740993/);
  assert.throws(() => minorUnits('0.5'), /0\.5/);
});
