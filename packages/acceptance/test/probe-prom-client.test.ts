import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { throwAwayFolder } from '@payments/local-stack';
import { stringify } from 'yaml';
import { parseOpenMetrics } from '../../exposition/test/support/openmetrics-parser.ts';
import { parseText } from '../../exposition/test/support/prometheus-text-parser.ts';
import { readProtobuf } from '../../exposition/test/support/protobuf-reader.ts';
import { ACCEPT, asking, FORMATS, pageIn } from './support/format-asked.ts';
import type { MetricsPage } from './support/metrics-page.ts';
import { assertPythonReads } from './support/page-judges.ts';
import { type Program, startProgram } from './support/program.ts';
import { comparable, MERGED, pageOf, shownBy } from './support/prom-client.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const VERSIONS = { current: 15, between: 14, oldest: 13 };

async function start(t: TestContext, libraries = 'current', env = {}, program = 'prom-client.cjs'): Promise<Program> {
  const service = await startProgram(program, { env: { LIBRARIES: libraries, ...MERGED, ...env } });
  t.after(() => service.stop());
  return service;
}

/** What the agent has said of what is counted with prom-client. */
const linesSaid = (service: Program) =>
  Array.from(service.stderr().matchAll(/^otel: (?:@\S+ )?(.* prom-client.*)$/gm), ([, line]) => line);

async function assertSaid(service: Program, lines: readonly string[]): Promise<void> {
  await until('all is said', () => linesSaid(service).length >= lines.length);
  assert.deepEqual(linesSaid(service), lines);
}

const errors = (page: MetricsPage) => page.values('otel_exporter_prometheus_errors_total', 'error_type');

for (const [libraries, version] of Object.entries(VERSIONS)) {
  for (const [how, program] of [
    ['required', 'prom-client.cjs'],
    ['imported', `../libraries/${libraries}/prom-client.mjs`],
  ] as const) {
    test(`what the service counts with prom-client ${version} is on the page as prom-client shows it (${how})`, async (t) => {
      const service = await start(t, libraries, {}, program);
      const theirs = shownBy(await service.step('pages'));
      const page = await pageOf(service);
      const shown = [...theirs.keys()].flatMap((name) => page.families.get(name) ?? []);
      assert.deepEqual(comparable(shown), comparable(theirs.values()));
      assert.ok(theirs.size === 10, [...theirs.keys()].join());
      assert.deepEqual([page.families.has('gone'), errors(page).collection], [false, 0]);
      parseText(page.text);
      await service.stop();
      await assertSaid(service, []);
    });
  }

  test(`the default metrics of prom-client ${version} are there, and process_start_time_seconds once, which is said once`, async (t) => {
    const service = await start(t, libraries);
    await service.step('collectDefaults');
    const theirs = shownBy(await service.step('pages'));
    await pageOf(service);
    const page = await pageOf(service);
    const missing = [...theirs].filter(([name, { samples }]) => samples.length > 0 && !page.families.has(name));
    assert.deepEqual(missing, []);
    assert.ok(page.samples('process_cpu_seconds_total').length > 0);
    assert.equal(page.samples('process_start_time_seconds').length, 1);
    assert.equal(errors(page).name_taken, 1);
    await assertSaid(service, [
      'process_start_time_seconds of prom-client is not on the page: another metric has the name',
    ]);
  });
}

test('without OTEL_METRICS_PROM_CLIENT nothing of prom-client is on the page', async (t) => {
  const service = await startProgram('prom-client.cjs');
  t.after(() => service.stop());
  const theirs = shownBy(await service.step('pages'));
  const page = await service.scrape();
  assert.deepEqual(
    [...theirs.keys()].filter((name) => page.families.has(name)),
    [],
  );
});

test('in OpenMetrics every series has the name that it has in prom-client, and others can read the page', async (t) => {
  const service = await start(t);
  const theirs = shownBy(await service.step('pages'));
  const page = (await pageIn(await service.metricsUrl(), ACCEPT.openmetrics)).toString();
  const families = parseOpenMetrics(page);
  const names = new Set(families.flatMap(({ samples }) => samples.map(({ name }) => name)));
  const wanted = [...theirs.values()].flatMap(({ samples }) => samples.map(({ name }) => name));
  assert.deepEqual(
    wanted.filter((name) => !names.has(name)),
    [],
  );
  const typeOf = (family: string) => families.find(({ name }) => name === family)?.type;
  const types = ['jobs', 'jobs__done', 'waiting', 'job_seconds', 'job_bytes'].map(typeOf);
  assert.deepEqual(types, ['unknown', 'counter', 'gauge', 'histogram', 'summary']);
  await assertPythonReads(t, page, families.length);
});

test('in protobuf every metric of prom-client has the series that it has there, and its type', async (t) => {
  const service = await start(t);
  const theirs = shownBy(await service.step('pages'));
  const families = new Map(
    readProtobuf(await pageIn(await service.metricsUrl(), ACCEPT.protobuf)).map((family) => [family.name, family]),
  );
  for (const [name, { type, help }] of theirs) {
    const family = families.get(name);
    assert.deepEqual([name, family?.type, family?.help], [name, type, help]);
  }
  const [summary] = families.get('job_bytes')?.metric ?? [];
  assert.deepEqual([summary?.summary.sampleCount, summary?.summary.quantile.length], [50, 7]);
  assert.equal(families.get('jobs')?.metric.length, 3);
});

test('a Prometheus has the same of prom-client from each format', async (t) => {
  const service = await start(t);
  const undo: (() => unknown)[] = [];
  const folder = throwAwayFolder();
  t.after(async () => {
    for (const step of undo.reverse()) await step();
    folder.remove();
  });
  const targets = FORMATS.map(async (format) => ({
    targets: [await asking(await service.metricsUrl(), ACCEPT[format], undo)],
    labels: { format },
  }));
  const configuration = stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'formats', static_configs: await Promise.all(targets) }],
  });
  const { url, stop } = await startPrometheusServer(configuration, folder.path);
  undo.push(stop);
  const query = async (promql: string): Promise<Record<string, number>> => {
    const { result } = await prometheusApi(url, `query?query=${encodeURIComponent(`sum by (format) (${promql})`)}`);
    return Object.fromEntries(
      result.map(({ metric, value }: { metric: { format: string }; value: [number, string] }) => [
        metric.format,
        Number(value[1]),
      ]),
    );
  };
  await until('all have been scraped', async () => Object.keys(await query('job_bytes_count')).length === 3);
  for (const [promql, value] of [
    ['jobs{queue__name="only"}', 0.5],
    ['jobs__done_total', 3],
    ['temperature:celsius{room="cold"}', -3.5],
    ['job_seconds_bucket{le="2.5"}', 4],
    ['job_bytes{quantile="0.5"}', 25.5],
    ['job_bytes_sum', 1275],
  ] as const) {
    let answer = {};
    // A scrape that takes longer than a second, as on a busy machine, takes its series away until the next one.
    const isThere = async () => {
      answer = await query(promql);
      return Object.keys(answer).length === 3;
    };
    await until(`${promql} of each format`, isThere);
    assert.deepEqual(answer, { text: value, openmetrics: value, protobuf: value }, promql);
  }
});

test('a registry of OpenMetrics has its counters end with _total, and its exemplars', async (t) => {
  const service = await start(t);
  const theirs = await service.step('openMetrics');
  const ours = (await pageIn(await service.metricsUrl(), ACCEPT.openmetrics)).toString();
  parseOpenMetrics(ours);
  const shown = (page: string) =>
    page.split('\n').filter((line) => /^orders_total|^order_seconds_bucket.*Inf/.test(line));
  const rounded = shown(theirs).map((line) => line.replace(/\d{10}\.\d+$/, (time) => Number(time).toFixed(3)));
  assert.deepEqual(shown(ours), rounded);
  assert.match(rounded.join('\n'), /^orders_total 2 # \{traceId="abc",user="7"\} 2 \d+\.\d{3}$/m);
});

test('what is registered anew, and labels that are set later, are on the next page', async (t) => {
  const service = await start(t);
  const labelsOf = async () => (await pageOf(service)).samples('by_hand_total');
  assert.deepEqual(await labelsOf(), [{ name: 'by_hand_total', labels: { zone: 'eu', shop: 'all' }, value: 0 }]);
  await service.step('replace');
  assert.deepEqual(await labelsOf(), [{ name: 'by_hand_total', labels: { zone: 'us' }, value: 9 }]);
  assert.equal((await pageOf(service)).families.has('plain_seconds'), false);
});

test('bounds in any order, twice and infinite are buckets that a scraper can read', async (t) => {
  const service = await start(t);
  await service.step('oddBuckets');
  const page = await pageOf(service);
  parseText(page.text);
  assert.deepEqual(page.values('odd_seconds_bucket', 'le'), { 1: 0, 5: 1, '+Inf': 2 });
});

test('what prom-client cannot show costs one metric, and is named', async (t) => {
  const service = await start(t);
  await service.step('unshowable');
  await pageOf(service);
  const page = await pageOf(service);
  assert.deepEqual([page.families.has('unshowable'), errors(page).collection], [false, 2]);
  assert.equal(page.families.get('helpless')?.help, '7');
  await assertSaid(service, [
    'a metric is left out: Error: unshowable of prom-client: TypeError: Cannot convert object to primitive value',
  ]);
});

test('a metric whose get is not that of prom-client is asked, and one that is no metric of prom-client is named', async (t) => {
  const service = await start(t);
  await service.step('overridden');
  await service.step('foreign');
  await pageOf(service);
  const page = await pageOf(service);
  assert.equal(page.value('overridden'), 8);
  await assertSaid(service, ['foreign is left out: it is not of one of the classes of prom-client']);
});
