import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort, repositoryRoot, throwAwayFolder } from '@payments/local-stack';
import { counted, pageOf, processes, send } from './support/cluster-traffic.ts';
import { until } from './support/until.ts';

const acceptance = resolve(repositoryRoot, 'packages/acceptance');

test('four processes of PM2 have one page, also when they are reloaded and killed', async (t) => {
  const home = throwAwayFolder();
  const [servicePort, metricsPort] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH,
    PM2_HOME: home.path,
    SERVICE_PORT: String(servicePort),
    OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
  };
  const pm2 = async (...args: string[]) => {
    const command = resolve(acceptance, 'libraries/pm2/node_modules/pm2/bin/pm2');
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], { cwd: repositoryRoot, env });
    return stdout;
  };
  t.after(async () => {
    await pm2('kill');
    home.remove();
  });
  const agent = `-r ${resolve(repositoryRoot, 'otel/register')}`;
  await pm2('start', resolve(acceptance, 'programs/pm2.cjs'), '-i', '4', '--name', 'service', '--node-args', agent);
  const url = `http://localhost:${metricsPort}/metrics`;
  const fourRun = async () => {
    const page = await pageOf(url).catch(() => undefined);
    return page !== undefined && processes(page).running === 4;
  };
  await until('four processes', fourRun);

  const service = `http://127.0.0.1:${servicePort}/`;
  let warmUp = 0;
  await until('all four answer', async () => {
    warmUp += 20;
    return (await send(service, 20)).size === 4;
  });
  await send(service, 1000 - warmUp);
  const shows1000 = async () => counted(await pageOf(url)) === 1000;
  await until('1,000 requests', shows1000);
  for (let scrapes = 0; scrapes < 10; scrapes++) assert.ok(await shows1000());

  await pm2('reload', 'service');
  await until('four new processes', fourRun);
  for (let scrapes = 0; scrapes < 10; scrapes++) assert.ok(await shows1000());

  const [pid = ''] = await send(service, 20);
  await until('1,020 requests', async () => counted(await pageOf(url)) === 1020);
  process.kill(Number(pid), 'SIGKILL');
  await until('another process in its place', async () => {
    const pids = await send(service, 8).catch(() => new Set([pid]));
    return pids.size === 4 && !pids.has(pid);
  });
  const page = await pageOf(url);
  assert.ok(counted(page) >= 1020 + 8, `${counted(page)} requests`);
});
