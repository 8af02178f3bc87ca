import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { LIGHT_ROOT } from '../src/light-context.ts';

const KEYS = ['span', 'baggage', 'mine'].map((name) => createContextKey(name));

test('a light context has the values that one of the API has, however many are set', () => {
  const values = (context: Context) => KEYS.map((key) => context.getValue(key));
  let light = LIGHT_ROOT;
  let heavy: Context = ROOT_CONTEXT;
  for (let step = 0; step < 100; step++) {
    const key = KEYS[((step * step) % 7) % KEYS.length] as symbol;
    const [before, had] = [light, values(light)];
    [light, heavy] =
      step % 5 === 4
        ? [light.deleteValue(key), heavy.deleteValue(key)]
        : [light.setValue(key, step), heavy.setValue(key, step)];
    assert.deepEqual(values(light), values(heavy));
    assert.deepEqual(values(before), had, 'a context never changes');
  }
});

test('values that replace each other do not pile up', () => {
  let context = LIGHT_ROOT;
  for (let step = 0; step < 20; step++) context = context.setValue(KEYS[0] as symbol, step);
  assert.equal(context.constructor, ROOT_CONTEXT.constructor);
  assert.equal(context.getValue(KEYS[0] as symbol), 19);
});
