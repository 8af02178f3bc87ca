import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer, type ListenOptions } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { HELLO, metricsUrl, pageWith, run, serviceFolder } from './support/program.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);

/** A listener that is none of ours. */
async function occupy(t: TestContext, options: ListenOptions) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(options, resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  t.after(close);
  return { port: (server.address() as { port: number }).port, close };
}

function pageBySocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path: '/metrics' }, (response) => resolve(text(response))).on('error', reject);
  });
}

for (const [host, shown] of [
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['localhost', 'localhost'],
  ['::1', '[::1]'],
  ['[::1]', '[::1]'],
  ['::', '[::]'],
] as const) {
  const skip = host.includes(':') && !hasIPv6 && 'no IPv6 here';
  test(`T1 T2: on ${host} with port 0 the page is where the start line says`, { skip }, async (t) => {
    const env = { OTEL_EXPORTER_PROMETHEUS_HOST: host };
    const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }), env });
    const url = await metricsUrl(service);
    assert.match(url, /^http:\/\/\S+:[1-9]\d*\/metrics$/);
    assert.ok(url.startsWith(`http://${shown}:`), url);
    assert.match(await (await fetch(url)).text(), /^target_info/m);
  });
}

test('T1 T2: unless asked for otherwise the page is on localhost:9464', async (t) => {
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '' };
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }), env });
  const [line] = await service.until(/otel: .+/);
  // Another process of this machine may have that port.
  assert.match(
    line,
    /^otel: (?:metrics of \S+ on http:\/\/localhost:9464\/metrics|no metrics on localhost:9464 yet, .*)$/,
  );
});

const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

test('T1: on localhost the page reaches no further than the machine', {
  skip: !outward && 'no network here',
}, async (t) => {
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }) });
  const { port } = new URL(await metricsUrl(service));
  const socket = connect(Number(port), outward as string);
  const [error] = await once(socket, 'error');
  assert.equal(error.code, 'ECONNREFUSED');
});

test('a taken port is one line, the service runs on, and one more line says when the port was free again', async (t) => {
  const { port, close } = await occupy(t, { port: 0, host: '127.0.0.1' });
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) };
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }), env });
  const [, servicePort] = await service.until(/service on (\d+)/);
  await service.until(/otel: .+/);
  assert.equal(await (await fetch(`http://localhost:${servicePort}/`)).text(), 'hello');
  const line = `otel: no metrics on localhost:${port} yet, the port is taken: the service runs on\n`;
  assert.equal(service.output.stderr, line);
  await close();
  const url = await metricsUrl(service);
  await pageWith(url, /^http_server_requests_total\{.*\} 1$/m);
  assert.equal(service.output.stderr, `${line}otel: metrics of unknown_service:node on ${url}\n`);
});

test('a host that does not exist is one line, and keeps no process alive', async (t) => {
  const { code, signal, stderr } = await run(t, {
    cwd: serviceFolder(t, { 'dist/main.js': 'setTimeout(() => {}, 500)' }),
    env: { OTEL_EXPORTER_PROMETHEUS_HOST: '192.0.2.1' },
  }).ended;
  assert.deepEqual([code, signal], [0, null]);
  assert.match(stderr, /^otel: no metrics on 192\.0\.2\.1:0 yet, .*EADDRNOTAVAIL.*: the service runs on\n$/);
});

/** Ends as soon as it is told to by a request. */
const ENDING = `
const server = require('node:http').createServer((request, response) => {
  response.end('ending');
  server.close();
  server.closeIdleConnections();
});
server.listen(0, () => console.log('service on ' + server.address().port));
`;

function withSocket(t: TestContext, program = HELLO) {
  const cwd = serviceFolder(t, { 'dist/main.js': program });
  const file = path.join(cwd, 'metrics.sock');
  const start = () => run(t, { cwd, env: { OTEL_EXPORTER_PROMETHEUS_HOST: `unix:${file}` } });
  return { file, start };
}

test('a Unix socket answers scrapes of its user and its group, and is gone when the service ends', async (t) => {
  const { file, start } = withSocket(t, ENDING);
  const service = start();
  assert.equal(await metricsUrl(service), `http://unix:${file}:/metrics`);
  assert.match(await pageBySocket(file), /^target_info/m);
  assert.equal(statSync(file).mode & 0o777, 0o660);
  const [, port] = await service.until(/service on (\d+)/);
  await fetch(`http://localhost:${port}/`, { headers: { connection: 'close' } });
  const { code, signal } = await service.ended;
  assert.deepEqual([code, signal, existsSync(file)], [0, null, false]);
});

test('the socket of a process that was killed is replaced by the next one', async (t) => {
  const { file, start } = withSocket(t);
  const killed = start();
  await metricsUrl(killed);
  killed.process.kill('SIGKILL');
  await killed.ended;
  assert.ok(existsSync(file));
  const next = start();
  await metricsUrl(next);
  assert.match(await pageBySocket(file), /^target_info/m);
  assert.equal(next.output.stderr, `otel: metrics of unknown_service:node on http://unix:${file}:/metrics\n`);
});

test('the socket of a process that runs is left alone, and taken over when that ends', async (t) => {
  const { file, start } = withSocket(t);
  const first = start();
  await metricsUrl(first);
  const second = start();
  await second.until(/otel: .+/);
  assert.match(second.output.stderr, /^otel: no metrics on unix:\S+ yet, another process listens there: .*\n$/);
  assert.match(await pageBySocket(file), /^target_info/m);
  first.process.kill('SIGKILL');
  await metricsUrl(second);
  assert.match(await pageBySocket(file), /^target_info/m);
});

test('a file that is no socket is left alone', async (t) => {
  const { file, start } = withSocket(t);
  writeFileSync(file, 'of the service');
  const service = start();
  await service.until(/otel: .+/);
  assert.match(service.output.stderr, /^otel: no metrics on unix:\S+ yet, \S+ is no socket and is left alone: .*\n$/);
  assert.equal(readFileSync(file, 'utf8'), 'of the service');
});
