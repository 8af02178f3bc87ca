import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Family, repositoryRoot } from '@payments/local-stack';

interface Row {
  readonly type: string;
  readonly labels: readonly string[];
}

/** Labels that a sample may have whatever its metric. */
const ANYWHERE = ['le', 'otel_metric_overflow', 'process_pid'];

const rows = documentedMetrics();

/** The README's table of metrics: names, types and labels are fixed by it. */
function documentedMetrics(): ReadonlyMap<string, Row> {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const cells = readme.matchAll(/^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \| (.*) ?\|$/gm);
  return new Map(
    Array.from(cells, ([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = '']) => label) },
    ]),
  );
}

/** The labels of every series: of a histogram there are three. */
export const documentedSeries: ReadonlyMap<string, readonly string[]> = new Map(
  [...rows].flatMap(([name, { type, labels }]) => {
    const names = type === 'histogram' ? ['_bucket', '_count', '_sum'].map((suffix) => name + suffix) : [name];
    return names.map((series): [string, readonly string[]] => [series, labels]);
  }),
);

/** Asserts that the README has every family of a page, with its type and its labels. */
export function assertDocumented(families: Iterable<Family>): void {
  for (const { name, type, samples } of families) {
    if (name === 'target_info') continue;
    const row = rows.get(name);
    assert.equal(row?.type, type, `the README's table of metrics does not have ${name} as a ${type}`);
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
    const unknown = [...labels].filter((label) => !row?.labels.includes(label) && !ANYWHERE.includes(label));
    assert.deepEqual(unknown, [], `labels of ${name} that the README's table of metrics does not have`);
  }
}

/** Asserts that the README has the metric of a selector such as `process_cpu_time_seconds_total{cpu_mode="user"}`, and its labels. */
export function assertInReadme(selector: string): void {
  const [, name = '', matchers = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(selector) ?? [];
  const row = rows.get(name);
  assert.ok(row, `the README's table of metrics does not have ${name} (${selector})`);
  for (const [, label = ''] of matchers.matchAll(/(\w+)=/g)) {
    assert.ok(row.labels.includes(label), `the README's table of metrics does not have ${label} of ${name}`);
  }
}

/** The variables that the README names in its table of settings: also those of which it says that they apply. */
export function documentedSettings(): ReadonlySet<string> {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const table = readme.slice(readme.indexOf('<!-- settings'), readme.indexOf('<!-- end of settings'));
  const named = table.match(/\b(?:OTEL|SENTRY)_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [];
  const [, further = ''] = /OTEL_EXPORTER_OTLP_… apply: ([^|]*)\./.exec(table) ?? [];
  const ends = ['_ENDPOINT', ...(further.match(/_[A-Z_]+/g) ?? [])];
  const ofOtlp = ['', '_TRACES', '_METRICS'].flatMap((signal) =>
    ends.map((end) => `OTEL_EXPORTER_OTLP${signal}${end}`),
  );
  return new Set([...named, ...ofOtlp]);
}

/** The names of all metrics and of all their labels. */
export function documentedNames(): ReadonlySet<string> {
  return new Set([
    'target_info',
    ...ANYWHERE,
    ...rows.keys(),
    ...Array.from(rows.values(), ({ labels }) => labels).flat(),
  ]);
}
