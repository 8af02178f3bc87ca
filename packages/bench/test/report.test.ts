import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadReport } from '../src/report.ts';
import { merged, type Results } from '../src/results.ts';
import { workloadWith } from './measured.ts';

test('a workload is a table with the bare service in absolute numbers and each variant beside it', () => {
  const text = workloadReport(workloadWith('hello', { 'ours-metrics': 1.02, stock: 2.5, other: 'needs Node.js 22.0' }));
  const lines = text.split('\n');
  assert.equal(lines[0], 'title of hello');
  assert.match(lines.find((line) => line.startsWith('bare')) ?? '', /100 µs/);
  assert.match(lines.find((line) => line.startsWith('ours-metrics')) ?? '', /1\.02× +0\.97–1\.12 +≤ 1\.03×/);
  assert.match(lines.find((line) => line.startsWith('stock')) ?? '', /2\.50× +2\.38–2\.75/);
  assert.match(lines.find((line) => line.startsWith('other')) ?? '', /other +– needs Node\.js 22\.0$/);
});

test('what is measured again replaces what was known of it, and the rest stays', () => {
  const machine = { node: '24', processor: 'p', cores: 'c', date: 'd' };
  const results = (...workloads: Results['workloads']): Results => ({ machine, workloads });
  const all = merged(
    results(workloadWith('hello', { ours: 1, stock: 2 }), workloadWith('express', { ours: 1 })),
    results(workloadWith('hello', { ours: 3, added: 4 })),
  );
  const medians = all.workloads.map(({ name, variants }) => [
    name,
    ...variants.map((variant) => [variant.name, variant.figures?.cpuMicroseconds.ratio.median]),
  ]);
  assert.deepEqual(medians, [
    ['hello', ['ours', 3], ['stock', 2], ['added', 4]],
    ['express', ['ours', 1]],
  ]);
});
