import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  ensureCommand,
  repositoryRoot,
  type ServiceName,
  type Stack,
  serviceNames,
  startStack,
  throwAwayFolder,
} from '@payments/local-stack';
import { parse, stringify } from 'yaml';
import { parseOpenMetrics } from '../../exposition/test/support/openmetrics-parser.ts';
import { type Ledger, sendKnownTraffic } from './support/known-traffic.ts';
import { increase, requestCounts, scrapeAtRest, type Values } from './support/metrics-page.ts';
import { assertPythonReads, judge } from './support/page-judges.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const shipped = (name: string) => join(repositoryRoot, 'otel', 'prometheus', name);
const folder = throwAwayFolder();
const undo: Array<() => unknown> = [() => folder.remove()];
let promtool: string;
let stack: Stack;

before(async () => {
  promtool = await ensureCommand('promtool', 'prometheus');
  stack = await startStack({ agent: true });
  undo.push(() => stack.stop());
});
after(async () => {
  for (const step of undo.reverse()) await step();
});

const pageOf = (name: ServiceName) => scrapeAtRest(stack.services[name].metricsUrl ?? '');

for (const name of ['prometheus.yml', 'prometheus.local.yml', 'agent.yml', 'agent.local.yml']) {
  test(`promtool accepts otel/prometheus/${name}`, async () => {
    const mode = name.startsWith('agent') ? ['--agent'] : [];
    const { code, output } = await judge(promtool, ['check', 'config', ...mode, shipped(name)]);
    assert.equal(code, 0, output);
  });
}

// Gauges whose standard names end so: OpenTelemetry's semantic conventions call them ….count.
const namedCount = /^(?:db_client_connection|process_thread|process_unix_file_descriptor)_count /;

test('P1 P2 P3 P4 P5 P6 P7 P8 P9: promtool finds nothing in any page under load but the gauges whose standard name ends in _count', async () => {
  let busy = true;
  const traffic = sendKnownTraffic(stack).finally(() => {
    busy = false;
  });
  for (let round = 1; busy || round === 1; round++) {
    for (const name of serviceNames) {
      const response = await fetch(stack.services[name].metricsUrl ?? '');
      const { code, output } = await judge(promtool, ['check', 'metrics'], await response.text());
      const findings = output.split('\n').filter((line) => line !== '');
      const others = findings.filter((line) => !namedCount.test(line) || !line.includes('should not have "_count"'));
      assert.deepEqual(others, [], name);
      assert.equal(code, findings.length === 0 ? 0 : 3, `${name}: ${output}`);
    }
  }
  await traffic;
});

test("the OpenMetrics parser of Python's client library reads the page of every service", async (t) => {
  await sendKnownTraffic(stack);
  for (const name of serviceNames) {
    const accept = 'application/openmetrics-text;version=1.0.0';
    const page = await (await fetch(stack.services[name].metricsUrl ?? '', { headers: { accept } })).text();
    await assertPythonReads(t, page, parseOpenMetrics(page).length);
  }
});

/** The shipped configuration with the ports of this run, and a short interval. */
function configuration(): string {
  const config = parse(readFileSync(shipped('prometheus.local.yml'), 'utf8'));
  const groups: { targets: string[]; labels: { job: ServiceName } }[] = config.scrape_configs[0].static_configs;
  assert.deepEqual(
    groups.map(({ targets, labels }) => [labels.job, ...targets]),
    serviceNames.map((name, index) => [name, `localhost:${9464 + index}`]),
    'the shipped configuration has the ports that npm start gives the services',
  );
  for (const group of groups) group.targets = [new URL(stack.services[group.labels.job].metricsUrl ?? '').host];
  config.global.scrape_interval = '1s';
  return stringify(config);
}

async function startPrometheus(): Promise<string> {
  const { url, stop } = await startPrometheusServer(configuration(), join(folder.path, 'prometheus'));
  undo.push(stop);
  return url;
}

test('a Prometheus sees all five services up, and a query returns the requests that were sent', async () => {
  const before = {} as Record<ServiceName, Values>;
  for (const name of serviceNames) before[name] = requestCounts(await pageOf(name));
  const url = await startPrometheus();
  const api = (path: string) => prometheusApi(url, path);
  interface Target {
    health: string;
    lastError: string;
    labels: { job: string };
  }
  let targets: Target[] = [];
  await until('every target is up', async () => {
    targets = (await api('targets?state=active')).activeTargets;
    return targets.length > 0 && targets.every(({ health }) => health === 'up');
  }).catch(() => {});
  const states = targets.map(({ labels, health, lastError }) => [labels.job, health, lastError]);
  assert.deepEqual(states.sort(), serviceNames.map((name) => [name, 'up', '']).sort());

  const sent = await sendKnownTraffic(stack);
  const labels = ['http_request_method', 'http_route', 'http_response_status_code'];
  const query = `sum by (job, ${labels.join(', ')}) (http_server_requests_total)`;
  let seen: Ledger | undefined;
  const look = async () => {
    const after = Object.fromEntries(serviceNames.map((name): [string, Values] => [name, {}])) as Ledger;
    for (const { metric, value } of (await api(`query?query=${encodeURIComponent(query)}`)).result) {
      const job: ServiceName = metric.job;
      after[job][labels.map((label) => metric[label] ?? '–').join(' ')] = Number(value[1]);
    }
    seen = Object.fromEntries(serviceNames.map((name) => [name, increase(before[name], after[name])])) as Ledger;
    return isDeepStrictEqual(seen, sent);
  };
  await until('Prometheus has the requests', look).catch(() => {});
  assert.deepEqual(seen, sent);
});
