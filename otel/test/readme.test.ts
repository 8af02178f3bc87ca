import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CellRegistry } from '@otel-register/cells';
import { familyType, sampleName } from '@otel-register/exposition';
import { createProbes } from '@otel-register/probes';
import { lateAnswersMetric, membersMetrics } from '../src/cluster/group-metrics.ts';
import { countErrors, tellTraceUrl } from '../src/error-counts.ts';
import { measurePages } from '../src/page-metrics.ts';
import { countDataPoints } from '../src/push/data-point-counts.ts';
import { countSpans } from '../src/span-counts.ts';
import { withSettings } from '../write-readme.ts';

const readme = readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');

test('the table of settings in the README is the one that is read (npm run docs -w otel-register writes it)', () => {
  assert.equal(readme, withSettings(readme));
  assert.match(readme, /\| `OTEL_SDK_DISABLED` \| false \|/);
});

test('the table of metrics in the README names every metric that the probes declare, with its type, and no other', () => {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 1 });
  createProbes({ cells, ignores: () => false, isOwn: () => false, cacheNames: [], spans: false }, () => true);
  lateAnswersMetric(cells);
  countSpans(cells);
  countDataPoints(cells);
  countErrors(cells);
  tellTraceUrl(cells, 'https://acme.sentry.io');
  measurePages(cells);
  const one = { running: 1, late: 0 };
  const ofCluster = membersMetrics('test', { processes: one, threads: one }).metrics;
  const declared = [...cells.declared, ...ofCluster].map((metric) => {
    const type = familyType(metric);
    return `${type && sampleName(metric, type)} ${type}`;
  });
  const documented = Array.from(
    readme.matchAll(/^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \|/gm),
    ([, name, type]) => `${name} ${type}`,
  );
  assert.deepEqual(documented.filter((row) => !row.startsWith('target_info')).sort(), declared.sort());
});
