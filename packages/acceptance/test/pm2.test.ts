import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort, repositoryRoot, throwAwayFolder } from '@payments/local-stack';
import { counted, pageOf, processes, send, showing } from './support/cluster-traffic.ts';
import { until } from './support/until.ts';

const acceptance = resolve(repositoryRoot, 'packages/acceptance');
const script = resolve(acceptance, 'programs/pm2.cjs');
const preload = `-r ${resolve(repositoryRoot, 'otel/register')}`;

/** A PM2 of the test's own; its daemon ends with the test. */
function startPm2(t: TestContext, env: Record<string, string>) {
  const home = throwAwayFolder();
  const pm2 = async (...args: string[]) => {
    const command = resolve(acceptance, 'libraries/pm2/node_modules/pm2/bin/pm2');
    const options = { cwd: repositoryRoot, env: { PATH: process.env.PATH, PM2_HOME: home.path, ...env } };
    const { stderr } = await promisify(execFile)(process.execPath, [command, ...args], options);
    return stderr;
  };
  t.after(async () => {
    await pm2('kill');
    home.remove();
  });
  return { pm2, home: home.path };
}

const run = async (url: string, count: number) => {
  const page = await pageOf(url).catch(() => undefined);
  return page !== undefined && processes(page).running === count;
};

test('four processes of PM2 have one page, also when they are reloaded and killed', async (t) => {
  const [servicePort, metricsPort] = [await freePort(), await freePort()];
  const env = { SERVICE_PORT: String(servicePort), OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort) };
  const { pm2 } = startPm2(t, env);
  await pm2('start', script, '-i', '4', '--name', 'service', '--node-args', preload);
  const url = `http://localhost:${metricsPort}/metrics`;
  await until('four processes', () => run(url, 4));
  const names = (await pageOf(url)).values('target_info', 'service_name');
  assert.deepEqual(names, { '@otel-register/acceptance': 1 }, 'it has the name of the service and not of PM2');

  const service = `http://127.0.0.1:${servicePort}/`;
  let warmUp = 0;
  await until('all four answer', async () => {
    warmUp += 20;
    return (await send(service, 20)).size === 4;
  });
  await send(service, 1000 - warmUp);
  const shows1000 = async () => counted(await pageOf(url)) === 1000;
  await showing(1000, () => pageOf(url));
  for (let scrapes = 0; scrapes < 10; scrapes++) assert.ok(await shows1000());

  await pm2('reload', 'service');
  await until('four new processes', () => run(url, 4));
  for (let scrapes = 0; scrapes < 10; scrapes++) assert.ok(await shows1000());

  const [pid = ''] = await send(service, 20);
  await showing(1020, () => pageOf(url));
  process.kill(Number(pid), 'SIGKILL');
  await until('another process in its place', async () => {
    const pids = await send(service, 8).catch(() => new Set([pid]));
    return pids.size === 4 && !pids.has(pid);
  });
  await until('1,028 requests at least', async () => counted(await pageOf(url)) >= 1020 + 8);
});

test('two services of one PM2 have pages of their own; of a port that both want the first has it, and the other says so', async (t) => {
  const { pm2, home } = startPm2(t, { NODE_OPTIONS: preload });
  const [port, otherPort] = [await freePort(), await freePort()];
  const app = async (name: string, metricsPort: number) => {
    const env = {
      SERVICE_PORT: String(await freePort()),
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
    };
    const file = join(home, `${name}.json`);
    writeFileSync(file, JSON.stringify({ apps: [{ name, script, instances: 2, exec_mode: 'cluster', env }] }));
    assert.equal(await pm2('start', file), '', 'the agent is not in the commands of PM2');
  };
  const pages = [port, otherPort].map((of) => `http://localhost:${of}/metrics`) as [string, string];
  const names = async (url: string) => Object.keys((await pageOf(url)).values('target_info', 'service_name'));
  await app('first', port);
  await until('the first service', () => run(pages[0], 2));
  await app('second', otherPort);
  await until('the second service', () => run(pages[1], 2));
  await app('third', port);
  const line = `otel: no metrics on localhost:${port}, the port is taken by first: the service runs on\n`;
  // Where PM2 has put what is written past process.stderr.
  await until('the line of the third service', async () => readFileSync(join(home, 'pm2.log'), 'utf8').includes(line));

  for (let scrapes = 0; scrapes < 4; scrapes++) {
    assert.deepEqual(await names(pages[0]), ['first']);
    assert.deepEqual(await names(pages[1]), ['second']);
    await until('both processes of the first service', () => run(pages[0], 2));
  }
});
