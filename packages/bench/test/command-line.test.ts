import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coresIn } from '../src/cores.ts';
import { readOptions } from '../src/options.ts';
import { variants, whyNotOn } from '../src/variants.ts';

const known = { sections: ['hello', 'express'], variants: ['ours', 'stock'] };

test('everything is measured unless something is named', () => {
  const { sections, variants, quick } = readOptions([], known);
  assert.deepEqual({ sections, variants, quick }, { ...known, quick: false });
});

test('--only names parts and variants, in any order and with commas; the order of the report stays', () => {
  const { sections, variants } = readOptions(['--only', 'stock,express', '--only', 'hello'], known);
  assert.deepEqual({ sections, variants }, { sections: ['hello', 'express'], variants: ['stock'] });
});

test('--only with an unknown name says what could have been named', () => {
  assert.throws(() => readOptions(['--only', 'nothing'], known), /--only nothing .* hello, express, ours, stock/);
});

test('lists of cores are read as taskset writes them', () => {
  assert.deepEqual(coresIn(' 0-3,6\n'), [0, 1, 2, 3, 6]);
  assert.deepEqual(coresIn('1'), [1]);
});

test('a peer that does not know the Node.js in use is named with what it needs', () => {
  const stock = variants.find(({ name }) => name === 'opentelemetry-metrics')!;
  assert.equal(whyNotOn({ nodeVersion: '20.20.2' }, stock), 'needs Node.js 22.15');
  assert.equal(whyNotOn({ nodeVersion: '22.15.0' }, stock), undefined);
  assert.equal(whyNotOn({ nodeVersion: '24.1.0' }, stock), undefined);
});
