import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { throwAwayFolder } from '@payments/local-stack';
import { counted, pageOf, send, showing } from './support/cluster-traffic.ts';
import { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until, untilSaid } from './support/until.ts';

/** Who opens the port: the primary, or where it does not run under the agent, as PM2's, the workers together. */
const WAYS = [
  ['the primary', { nodeArguments: ['-r', './otel/register'], env: {} }],
  ['any worker', { nodeArguments: [], env: { WORKER_ARGUMENTS: '-r ./otel/register' } }],
] as const;

async function start(t: TestContext, [, { nodeArguments, env }]: (typeof WAYS)[number], of: Record<string, string>) {
  const cluster = await startProgram('cluster.cjs', { nodeArguments: [...nodeArguments], env: { ...env, ...of } });
  t.after(() => cluster.stop());
  return cluster;
}

async function pageBySocket(socketPath: string): Promise<MetricsPage> {
  const request = get({ socketPath, path: '/metrics' });
  const [response] = await once(request, 'response');
  return new MetricsPage(await text(response));
}

async function assertHundred(cluster: Program, page: () => Promise<MetricsPage>): Promise<void> {
  await send(cluster.url, 100);
  await showing(100, page);
  for (let scrapes = 0; scrapes < 8; scrapes++) assert.equal(counted(await page()), 100);
}

for (const way of WAYS) {
  const [who] = way;
  test(`a cluster answers on a Unix socket, answered by ${who}, also where a killed one left its file`, async (t) => {
    const folder = throwAwayFolder();
    t.after(() => folder.remove());
    const file = join(folder.path, 'metrics.sock');
    const env = { OTEL_EXPORTER_PROMETHEUS_HOST: `unix:${file}` };
    const killed = await start(t, way, env);
    await until('the socket', async () => existsSync(file));
    await pageBySocket(file);
    process.kill(killed.pid, 'SIGKILL');
    await killed.stop();
    assert.ok(existsSync(file));
    const cluster = await start(t, way, env);
    await untilSaid(cluster, /metrics of/);
    await assertHundred(cluster, () => pageBySocket(file));
    await cluster.stop();
    assert.doesNotMatch(cluster.stderr(), /no metrics/);
  });

  test(`a cluster takes its port, answered by ${who}, when that is free again`, async (t) => {
    const other = createServer().listen(0, 'localhost');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const cluster = await start(t, way, { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) });
    await untilSaid(cluster, /the port is taken: the service runs on\n/);
    other.close();
    const url = await cluster.metricsUrl();
    await assertHundred(cluster, () => pageOf(url));
  });
}
