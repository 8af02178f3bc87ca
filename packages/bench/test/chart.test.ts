import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chart } from '../src/chart.ts';
import { workloadWith } from './measured.ts';

const bars = (svg: string) => [...svg.matchAll(/<rect class="(\w+)" .*? width="([\d.]+)"/g)].map(([, ...bar]) => bar);

test('the chart has a bar for each variant that was measured, as long as its ratio', () => {
  const svg = chart([workloadWith('hello', { 'ours-metrics': 1, stock: 2, absent: 'it needs a newer Node.js' })], '');
  const [ours, stock, ...others] = bars(svg);
  assert.deepEqual(others, []);
  assert.equal(ours?.[0], 'ours');
  assert.equal(stock?.[0], 'peer');
  assert.ok(Math.abs(Number(stock?.[1]) - 2 * Number(ours?.[1])) < 0.2);
  assert.match(svg, />1\.00×</);
  assert.match(svg, />2\.00×</);
});

test('the chart is readable on dark pages, and a title cannot break it', () => {
  const svg = chart([workloadWith('a', { x: 1 }), { ...workloadWith('b', { x: 1 }), title: '<a & b>' }], 'a < b');
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(svg, /&lt;a &amp; b&gt;/);
  assert.match(svg, /a &lt; b/);
  assert.match(svg, /^<svg [^>]*viewBox="0 0 920 \d+"/);
});

test('the same results give the same chart', () => {
  const results = [workloadWith('hello', { 'ours-metrics': 1.03, stock: 2.4 })];
  assert.equal(chart(results, 'x'), chart(results, 'x'));
});
