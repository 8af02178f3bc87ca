import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { onFreePort, type Postgres, repositoryRoot, startPostgres, throwAwayFolder } from '@payments/local-stack';
import { stringify } from 'yaml';
import { assertInReadme, documentedSettings } from './support/documented.ts';
import { namesIn, readDocument, tableRows } from './support/markdown.ts';
import { MetricsPage } from './support/metrics-page.ts';
import { startProgram } from './support/program.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const GUIDE = readDocument('docs/from-opentelemetry.md');

const folder = throwAwayFolder();
const undo: Array<() => unknown> = [() => folder.remove()];
let database: Postgres;
before(async () => {
  database = await startPostgres({ dataDir: join(folder.path, 'postgres'), throwAway: true });
  undo.push(() => database.stop());
  await database.createDatabases(['shop']);
});
after(async () => {
  for (const step of undo.reverse()) await step();
});

/** What a program with all that both measure has on its page. */
interface Measured {
  readonly url: string;
  readonly page: MetricsPage;
}

/** @param metrics that are waited for: some, as those of garbage collections, come a little later than others */
async function measured(
  preload: string,
  port: number,
  metrics: readonly string[],
  env: Record<string, string> = {},
): Promise<Measured> {
  const service = await startProgram('shop.cjs', {
    nodeArguments: ['--expose-gc', '-r', preload],
    env: {
      DATABASE_URL: database.url('shop'),
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      // Upstream's ask for clouds over the network.
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
      ...env,
    },
  });
  undo.push(() => {
    // SIGTERM does not end what the stock register has been loaded in.
    process.kill(service.pid, 'SIGKILL');
    return service.stop();
  });
  for (const path of ['', '/broken']) await (await fetch(service.url + path)).text();
  const url = `http://localhost:${port}/metrics`;
  let page = new MetricsPage('');
  const isWhole = async () => {
    page = new MetricsPage(await (await fetch(url)).text());
    return metrics.every((name) => page.families.has(name));
  };
  // What is missing the caller tells.
  await until(`${url} has all`, isWhole).catch(() => {});
  return { url, page };
}

const stock = (metrics: readonly string[], env?: Record<string, string>) =>
  onFreePort((port) => measured('@opentelemetry/auto-instrumentations-node/register', port, metrics, env));
const ours = (metrics: readonly string[]) => onFreePort((port) => measured('./otel/register', port, metrics));

/** Type and labels of every metric of a page. */
function shapes({ page }: Measured): Map<string, { type: string; labels: string[] }> {
  const shape = (samples: { labels: object }[]) => new Set(samples.flatMap(({ labels }) => Object.keys(labels)));
  return new Map(
    Array.from(page.families.values(), ({ name, type, samples }) => [
      name,
      { type, labels: [...shape(samples)].filter((label) => !label.startsWith('otel_scope_')) },
    ]),
  );
}

test('docs/from-opentelemetry.md has a row for every metric of the stock register, whose counterpart has its type and its labels; both columns of queries have answers', async (t) => {
  const rows = tableRows(GUIDE, '| stock |').map((cells) => cells.map((cell) => String(namesIn(cell)[0])));
  const column = (index: number) => rows.map((names) => names[index] ?? '');
  const [old, own] = [await stock(column(0)), await ours(column(1))];
  const [before, after] = [shapes(old), shapes(own)];
  assert.deepEqual(rows.map(([name]) => name).sort(), [...before.keys()].sort());
  for (const [theirs = '', name = ''] of rows) {
    const { type, labels } = after.get(name) ?? assert.fail(`${name} is not on the page`);
    assert.equal(type, before.get(theirs)?.type, name);
    const missing = before.get(theirs)?.labels.filter((label) => !labels.includes(label));
    assert.deepEqual(missing, [], `labels of ${theirs} that ${name} has not`);
  }

  const targets = [old, own].map(({ url }) => new URL(url).host);
  const config = { scrape_configs: [{ job_name: 'shop', scrape_interval: '1s', static_configs: [{ targets }] }] };
  const prometheus = await startPrometheusServer(stringify(config), join(folder.path, 'prometheus'));
  t.after(prometheus.stop);
  for (const [query = ''] of tableRows(GUIDE, '| before |').flatMap((cells) => cells.map(namesIn))) {
    const asked = `query?query=${encodeURIComponent(query)}`;
    const hasAnswers = async () => (await prometheusApi(prometheus.url, asked)).result.length > 0;
    await until(`${query} has answers`, hasAnswers);
  }
});

test('docs/from-opentelemetry.md has a row for every metric of host-metrics', async () => {
  const rows = tableRows(GUIDE, '| host-metrics |');
  const names = rows.map(([name]) => String(namesIn(name)[0]));
  const before = shapes(await stock(names, { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'host-metrics' }));
  before.delete('target_info');
  assert.deepEqual(names.sort(), [...before.keys()].sort());
  for (const [, counterpart = ''] of rows) {
    if (!counterpart.startsWith('none')) assertInReadme(String(namesIn(counterpart)[0]));
  }
});

test('every variable that the stock packages read is a setting, or docs/from-opentelemetry.md says what becomes of it', () => {
  const packages = join(repositoryRoot, 'node_modules', '@opentelemetry');
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cjs'));
  const read = new Set(
    files.flatMap((file) => {
      const source = readFileSync(join(packages, file), 'utf8');
      const reads = source.matchAll(
        /(?:FromEnv\)?\(|process\.env\.|process\.env\[)\s*["'`]?(OTEL_[A-Z0-9_]*[A-Z0-9])\b/g,
      );
      return Array.from(reads, ([, name = '']) => name);
    }),
  );
  assert.ok(read.size > 40, [...read].join());
  const settings = documentedSettings();
  const ignored = tableRows(GUIDE, '| ignored |').map(([name]) => String(namesIn(name)[0]));
  assert.deepEqual(
    ignored.filter((name) => settings.has(name)),
    [],
  );
  const told = new Set([...settings, ...(GUIDE.match(/\bOTEL_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [])]);
  assert.deepEqual(
    [...read].filter((name) => !told.has(name)),
    [],
  );
  for (const name of ignored) assert.ok(read.has(name), `${name} is not read by the stock packages`);
  for (const [name] of tableRows(GUIDE, '| variable |').map(([cell]) => namesIn(cell))) {
    assert.ok(settings.has(String(name)), `${name} is no setting`);
  }
});
