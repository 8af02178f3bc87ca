import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  ensureCommand,
  onFreePort,
  repositoryRoot,
  type ServiceName,
  type Stack,
  serviceNames,
  startProcess,
  startStack,
  throwAwayFolder,
} from '@payments/local-stack';
import { parse, stringify } from 'yaml';
import { type Ledger, sendKnownTraffic } from './support/known-traffic.ts';
import { increase, requestCounts, scrapeAtRest, type Values } from './support/metrics-page.ts';
import { until } from './support/until.ts';

const shipped = (name: string) => join(repositoryRoot, 'otel', 'prometheus', name);
const folder = throwAwayFolder();
const undo: Array<() => unknown> = [() => folder.remove()];
let promtool: string;
let prometheus: string;
let stack: Stack;

before(async () => {
  // One after the other: both come with the same package.
  promtool = await ensureCommand('promtool', 'prometheus');
  prometheus = await ensureCommand('prometheus', 'prometheus');
  stack = await startStack({ agent: true });
  undo.push(() => stack.stop());
});
after(async () => {
  for (const step of undo.reverse()) await step();
});

async function run(args: string[], input = ''): Promise<{ code: number; output: string }> {
  const child = spawn(promtool, args);
  child.stdin.end(input);
  const ended = new Promise<number>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [code, ...output] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: output.join('') };
}

const pageOf = (name: ServiceName) => scrapeAtRest(stack.services[name].metricsUrl ?? '');

for (const name of ['prometheus.yml', 'prometheus.local.yml']) {
  test(`promtool accepts otel/prometheus/${name}`, async () => {
    const { code, output } = await run(['check', 'config', shipped(name)]);
    assert.equal(code, 0, output);
  });
}

// Gauges whose standard names end so: OpenTelemetry's semantic conventions call them ….count.
const namedCount = /^(?:db_client_connection|process_thread|process_unix_file_descriptor)_count /;

test('promtool finds nothing in any page under load but the gauges whose standard name ends in _count', async () => {
  let busy = true;
  const traffic = sendKnownTraffic(stack).finally(() => {
    busy = false;
  });
  for (let round = 1; busy || round === 1; round++) {
    for (const name of serviceNames) {
      const response = await fetch(stack.services[name].metricsUrl ?? '');
      const { code, output } = await run(['check', 'metrics'], await response.text());
      const findings = output.split('\n').filter((line) => line !== '');
      const others = findings.filter((line) => !namedCount.test(line) || !line.includes('should not have "_count"'));
      assert.deepEqual(others, [], name);
      assert.equal(code, findings.length === 0 ? 0 : 3, `${name}: ${output}`);
    }
  }
  await traffic;
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
  config.global.scrape_interval = '200ms';
  return stringify(config);
}

async function startPrometheus(): Promise<string> {
  const config = join(folder.path, 'prometheus.yml');
  writeFileSync(config, configuration());
  const { url, server } = await onFreePort(async (port) => {
    const server = await startProcess(prometheus, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const url = `http://127.0.0.1:${port}`;
    await until('Prometheus is ready', async () => {
      if (!server.running) throw new Error(server.stderr());
      const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
      await ready?.text();
      return ready?.ok ?? false;
    });
    return { url, server };
  });
  undo.push(() => server.stop());
  return url;
}

test('a Prometheus sees all five services up, and a query returns the requests that were sent', async () => {
  const before = {} as Record<ServiceName, Values>;
  for (const name of serviceNames) before[name] = requestCounts(await pageOf(name));
  const url = await startPrometheus();
  // biome-ignore lint/suspicious/noExplicitAny: the answer of Prometheus' API
  const api = async (path: string): Promise<any> => {
    const { status, data, error } = (await (await fetch(`${url}/api/v1/${path}`)).json()) as Record<string, unknown>;
    assert.equal(status, 'success', String(error));
    return data;
  };
  interface Target {
    health: string;
    lastError: string;
    labels: { job: string };
  }
  let targets: Target[] = [];
  await until('every target has been scraped', async () => {
    targets = (await api('targets?state=active')).activeTargets;
    return targets.length > 0 && targets.every(({ health }) => health !== 'unknown');
  });
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
