import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';
import { readmeTable, withReadmeTable } from '../src/readme-table.ts';
import type { Results } from '../src/results.ts';
import { workloadWith } from './measured.ts';

test("the README's table of costs is that of the results that are kept", () => {
  const results = JSON.parse(readFileSync(join(import.meta.dirname, '../results/latest.json'), 'utf8')) as Results;
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  assert.equal(withReadmeTable(readme, results), readme);
  assert.ok(readme.includes(readmeTable(results)));
});

test('a row has the agent, what it is held to, and its peers; what was not measured has none', () => {
  const machine = { node: '24', processor: 'p', cores: 'c', date: 'd' };
  const workloads = [workloadWith('hello', { 'ours-metrics': 1.02, 'prom-client': 1.4 })];
  const rows = readmeTable({ machine, workloads }).split('\n').slice(2);
  assert.deepEqual(rows, [
    '| CPU per request, `node:http` hello world, metrics | 1.02× (0.97–1.12) | ≤ 1.03× | 1.40× (1.33–1.54) |  |',
  ]);
});
