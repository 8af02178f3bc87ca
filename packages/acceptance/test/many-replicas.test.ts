import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { repositoryRoot, serviceNames, throwAwayFolder } from '@payments/local-stack';
import { parse, stringify } from 'yaml';
import { type Program, startProgram } from './support/program.ts';
import { prometheusApi, startPrometheusAgent, startVictoriaMetrics } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const REPLICAS = 15;

const shipped = (name: string) => readFileSync(join(repositoryRoot, 'otel', 'prometheus', name), 'utf8');
const folder = throwAwayFolder();
const undo: Array<() => unknown> = [() => folder.remove()];
after(async () => {
  for (const step of undo.reverse()) await step();
});

async function startReplica(): Promise<Program> {
  const replica = await startProgram('hello.mjs');
  undo.push(() => replica.stop());
  return replica;
}

/** What Prometheus finds replicas in; in one step, as it may look at any time. */
function list(instances: readonly string[]): void {
  const file = join(folder.path, 'agent', 'replicas.local.json');
  writeFileSync(`${file}.new`, JSON.stringify([{ targets: instances, labels: { job: 'hello' } }]));
  renameSync(`${file}.new`, file);
}

test('the shipped list of replicas has the ports that npm start gives the services', () => {
  assert.deepEqual(
    JSON.parse(shipped('replicas.local.json')),
    serviceNames.map((job, index) => ({ targets: [`localhost:${9464 + index}`], labels: { job } })),
  );
});

test('a Prometheus in agent mode finds fifteen replicas, and a VictoriaMetrics has the requests of each', async () => {
  const store = await startVictoriaMetrics('scrape_configs: []', join(folder.path, 'store'));
  undo.push(store.stop);
  const config = parse(shipped('agent.local.yml'));
  config.global.scrape_interval = '1s';
  config.remote_write = [{ url: `${store.url}${new URL(config.remote_write[0].url).pathname}` }];
  const agent = await startPrometheusAgent(stringify(config), join(folder.path, 'agent'));
  undo.push(agent.stop);

  const replicas: Program[] = [];
  while (replicas.length < REPLICAS) replicas.push(...(await Promise.all(Array.from({ length: 5 }, startReplica))));
  const instances = await Promise.all(replicas.map(async (replica) => new URL(await replica.metricsUrl()).host));
  const query = async (promql: string) => {
    const { result } = await prometheusApi(store.url, `query?query=${encodeURIComponent(promql)}`);
    return Object.fromEntries(
      result.map(({ metric, value }: { metric: { instance?: string }; value: [number, string] }) => [
        metric.instance ?? 'all',
        Number(value[1]),
      ]),
    ) as Record<string, number>;
  };
  const sent: Record<string, number> = {};
  const ask = async (index: number, times: number) => {
    for (let i = 0; i < times; i++) assert.ok((await fetch(replicas[index]?.url ?? '')).ok);
    const instance = String(instances[index]);
    sent[instance] = (sent[instance] ?? 0) + times;
  };
  const arrived = async () => {
    const expected = Object.fromEntries(Object.entries(sent).filter(([instance]) => listed.includes(instance)));
    const ofEach = () => query('sum by (instance) (http_server_requests_total{job="hello"})');
    await until('the store has the replicas', async () => isDeepStrictEqual(await ofEach(), expected)).catch(() => {});
    assert.deepEqual(await ofEach(), expected);
    const all = Object.values(expected).reduce((sum, requests) => sum + requests, 0);
    const ofAll = () => query('sum(http_server_requests_total{job="hello"})');
    // A scrape that takes longer than a second, as on a busy machine, takes its series away until the next one.
    await until(`${all} requests`, async () => isDeepStrictEqual(await ofAll(), { all })).catch(() => {});
    assert.deepEqual(await ofAll(), { all });
  };

  let listed = instances.slice(0, REPLICAS - 1);
  list(listed);
  for (const index of listed.keys()) await ask(index, index + 1);
  await arrived();

  listed = instances;
  list(listed);
  for (const index of listed.keys()) await ask(index, 2);
  await arrived();
  await until('all are up', async () => Object.keys(await query('up{job="hello"} == 1')).length === REPLICAS);

  listed = instances.slice(1);
  list(listed);
  await arrived();
  await until('the agent has dropped the one that is gone', async () => {
    const { activeTargets } = await prometheusApi(agent.url, 'targets?state=active');
    return activeTargets.length === REPLICAS - 1;
  });
});
