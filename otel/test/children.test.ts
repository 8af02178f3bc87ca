import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { freePort, kill, linesOf, metricsUrl, type RunOptions, run, serviceFolder } from './support/program.ts';

/** What a child does: so many requests to itself, and then it ends or stays. */
const CHILD = `
async function child(requests, stays) {
  console.log('child ' + process.pid);
  const server = require('node:http').createServer((request, response) => response.end('ok'));
  await new Promise((resolve) => server.listen(0, resolve));
  for (let i = 0; i < Number(requests); i++) {
    await (await fetch('http://localhost:' + server.address().port)).text();
  }
  server.close();
  server.closeAllConnections();
  if (stays) setInterval(() => {}, 1000);
  process.on('disconnect', () => process.exit());
  if (!stays) process.disconnect?.();
}`;

/** Every child that wants the port of its parent would say that it is taken. */
async function start(t: TestContext, files: Record<string, string>, options: Omit<RunOptions, 'cwd'> = {}) {
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: await freePort(), ...options.env };
  const service = run(t, { cwd: serviceFolder(t, files), ...options, env });
  t.after(() => {
    for (const [, pid] of service.output.stdout.matchAll(/^child (\d+)$/gm)) kill(Number(pid));
  });
  return service;
}

/** Waits until so many requests are on the page, those of all processes, and so many of these are running. */
async function untilPageHas(url: string, requests: number, running?: number): Promise<void> {
  const expected = running === undefined ? [requests] : [requests, running];
  for (; ; await setTimeout(20)) {
    const page = await (await fetch(url)).text();
    const numbers = page.matchAll(
      /^(?:http_server_requests_total|otel_cluster_processes)\{.*(?:200|running)"\} (\d+)$/gm,
    );
    const seen = Array.from(numbers, ([, number]) => Number(number));
    if (isDeepStrictEqual(seen, expected)) return;
    assert.ok((seen[0] ?? 0) <= requests, page);
  }
}

test('what children do is on the page of the service that has started them, in whatever way', async (t) => {
  const program = `${CHILD}
    const [, , requests, stays] = process.argv;
    const { exec, execSync, fork, spawn } = require('node:child_process');
    if (requests) child(requests, stays);
    else {
      fork(__filename, ['1', 'stays']);
      fork(__filename, ['2'], { cwd: '/' });
      spawn(process.execPath, ['-r', './otel/register', __filename, '4', 'stays'], { stdio: 'inherit' });
      exec('node -r ./otel/register ' + __filename + ' 8; true').stdout.pipe(process.stdout);
      setTimeout(() => console.log(String(execSync('node -r ./otel/register ' + __filename + ' 16'))), 500);
      process.on('SIGTERM', () => process.exit());
    }`;
  const service = await start(t, { 'dist/main.js': program });
  await untilPageHas(await metricsUrl(service), 31, 3);
  assert.deepEqual(linesOf(service).length, 1, service.output.stderr);
});

test('children of children, and their clusters, are on the same page', async (t) => {
  const program = `${CHILD}
    const cluster = require('node:cluster');
    const { fork } = require('node:child_process');
    const [, , generation] = process.argv;
    if (!cluster.isPrimary) child('500', true);
    else if (generation === 'third') child('60', true);
    else if (generation === 'second') {
      fork(__filename, ['third']);
      cluster.fork();
      child('7', true);
    } else fork(__filename, ['second']);`;
  const service = await start(t, { 'dist/main.js': program });
  await untilPageHas(await metricsUrl(service), 567, 4);
  assert.deepEqual(linesOf(service).length, 1, service.output.stderr);
});

test('children that are left alone have the page, with what their parent has counted', async (t) => {
  const program = `${CHILD}
    const { spawn } = require('node:child_process');
    if (process.argv[2]) child(process.argv[2], true);
    else {
      for (const requests of ['1', '20']) {
        const options = { detached: true, stdio: ['ignore', 'inherit', 'inherit'] };
        spawn(process.execPath, [...process.execArgv, __filename, requests], options);
      }
      child('300', true);
    }`;
  const service = await start(t, { 'dist/main.js': program });
  const url = await metricsUrl(service);
  await untilPageHas(url, 321, 3);
  service.process.kill();
  await service.until(/(metrics of.*\n)[\s\S]*\1/);
  await untilPageHas(url, 321, 2);
  assert.equal(linesOf(service).length, 2, service.output.stderr);
});

test('a child that is another service stays apart: it says that the port is taken, or has a port of its own', async (t) => {
  const program = `
    const { fork } = require('node:child_process');
    const { OTEL_EXPORTER_PROMETHEUS_PORT, ...env } = process.env;
    fork('./other/main.js', ['wants the same port']);
    fork('./other/main.js', ['has its own'], { env: { ...env, OTEL_EXPORTER_PROMETHEUS_PORT: '0' } });
    setInterval(() => {}, 1000);`;
  const service = await start(t, {
    'package.json': '{"name":"one"}',
    'dist/main.js': program,
    'other/package.json': '{"name":"other"}',
    'other/main.js': `setInterval(() => {}, 1000); process.on('disconnect', () => process.exit());`,
  });
  const url = await metricsUrl(service);
  await service.until(/no metrics on localhost:\d+ yet, the port is taken: the service runs on\n/);
  const [, other = ''] = await service.until(/metrics of other on (\S+)/);
  assert.match(await (await fetch(url)).text(), /^target_info\{service_name="one"/m);
  assert.match(await (await fetch(other)).text(), /^target_info\{service_name="other"/m);
  for (const each of [url, other]) assert.doesNotMatch(await (await fetch(each)).text(), /otel_cluster/);
});

test('a service that runs other programs, and none of its own, has the page that it has without them', async (t) => {
  const program = `
    const { exec, execFileSync } = require('node:child_process');
    execFileSync('ls');
    exec('ls', () => console.log('ran'));
    setInterval(() => {}, 1000);`;
  const service = await start(t, { 'dist/main.js': program });
  await service.until(/ran/);
  assert.doesNotMatch(await (await fetch(await metricsUrl(service))).text(), /otel_cluster/);
});

test('a launcher that waits for the service leaves it the port', async (t) => {
  const files = {
    'bin/launch.js': `
      require('node:child_process').execFileSync(process.execPath, ['dist/main.js'], { stdio: 'inherit' });`,
    'dist/main.js': `${CHILD} child('1', true);`,
  };
  const launcher = await start(t, files, { args: ['bin/launch.js'], env: { NODE_OPTIONS: '-r ./otel/register' } });
  await untilPageHas(await metricsUrl(launcher), 1);
  assert.equal(linesOf(launcher).length, 1, launcher.output.stderr);
});
