import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { throwAwayFolder } from '@payments/local-stack';
import { stringify } from 'yaml';
import { assertInReadme } from './support/documented.ts';
import { namesIn, readDocument, tableRows } from './support/markdown.ts';
import { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { MERGED, pageOf } from './support/prom-client.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until, untilSaid } from './support/until.ts';

const GUIDE = readDocument('docs/from-prom-client.md');
const OF_LIBRARIES = ['| prom-client |', '| express-prom-bundle |'].flatMap((heading) => tableRows(GUIDE, heading));
const BY_HAND = tableRows(GUIDE, '| by hand |');

async function start(env: Record<string, string> = {}): Promise<Program> {
  const service = await startProgram('express-prom-bundle.cjs', {
    nodeArguments: ['--expose-gc', '-r', './otel/register'],
    env,
  });
  for (const id of [0, 1, 2]) await (await fetch(`${service.url}/orders/${id}`)).text();
  return service;
}

describe('docs/from-prom-client.md', () => {
  let service: Program;
  let theirs: MetricsPage;
  let classic: MetricsPage;
  before(async () => {
    service = await start({ OTEL_METRICS_CLASSIC_NAMES: 'true' });
    theirs = new MetricsPage(await (await fetch(`${service.url}/metrics`)).text());
    classic = await pageOf(service);
  });
  after(() => service.stop());

  test('has a row for every metric of prom-client and express-prom-bundle, and for no other', () => {
    const rows = OF_LIBRARIES.map(([old]) => namesIn(old)[0]);
    assert.deepEqual(rows.sort(), [...theirs.families.keys()].sort());
  });

  test('names metrics and labels of ours that are in the README, and on the page', () => {
    for (const [old = '', ours = ''] of [...OF_LIBRARIES, ...BY_HAND]) {
      if (ours === 'none') continue;
      const [selector = ''] = namesIn(ours);
      assertInReadme(selector);
      const isOfLibrary = OF_LIBRARIES.some(([name]) => name === old);
      if (isOfLibrary) assert.ok(classic.families.has(selector.replace(/\{.*/, '')), selector);
    }
  });

  test('says what has its classic name', () => {
    const isThere = (name = '') => classic.families.has(name);
    for (const [old, , shown] of OF_LIBRARIES) {
      const [name] = namesIn(old);
      assert.equal(isThere(name), shown !== 'no', name);
    }
    const onlyWithDatabases = /^(?:db|cache)_/;
    for (const [old, , shown] of BY_HAND) {
      const [name = ''] = namesIn(old);
      if (!onlyWithDatabases.test(name)) assert.equal(isThere(name), shown !== 'no', name);
    }
    for (const [theirLabel, , classicLabel] of tableRows(GUIDE, '| label |')) {
      const labelsOf = (page: MetricsPage) =>
        page.samples('http_request_duration_seconds_count').flatMap(({ labels }) => Object.keys(labels));
      assert.ok(labelsOf(theirs).includes(String(namesIn(theirLabel)[0])), theirLabel);
      assert.ok(labelsOf(classic).includes(String(namesIn(classicLabel)[0])), classicLabel);
    }
  });
});

test('with both variables on, the agent’s metric stays where two have one name, and a line says which', async (t) => {
  const service = await start({ OTEL_METRICS_CLASSIC_NAMES: 'true', ...MERGED });
  t.after(() => service.stop());
  const [{ labels } = { labels: {} }] = (await pageOf(service)).samples('http_request_duration_seconds_count');
  assert.deepEqual(Object.keys(labels).sort(), ['method', 'path', 'status']);
  await untilSaid(service, /^otel: http_request_duration_seconds of prom-client is not on the page: /m);
});

test('in a Prometheus that scrapes both pages, both queries of each row of docs/from-prom-client.md have as many answers', async (t) => {
  const folder = throwAwayFolder();
  t.after(() => folder.remove());
  const service = await start();
  t.after(() => service.stop());
  const targets = [new URL(service.url).host, new URL(await service.metricsUrl()).host];
  const config = { scrape_configs: [{ job_name: 'orders', scrape_interval: '1s', static_configs: [{ targets }] }] };
  const prometheus = await startPrometheusServer(stringify(config), join(folder.path, 'prometheus'));
  t.after(prometheus.stop);
  const answersTo = async (query = '') => {
    const { result } = await prometheusApi(prometheus.url, `query?query=${encodeURIComponent(query)}`);
    return result.length as number;
  };
  for (const [old, ours] of tableRows(GUIDE, '| before |')) {
    const [[before], [after]] = [namesIn(old), namesIn(ours)];
    await until(`${before} has answers`, async () => (await answersTo(before)) > 0);
    await until(`${after} has as many`, async () => (await answersTo(after)) === (await answersTo(before)));
  }
});
