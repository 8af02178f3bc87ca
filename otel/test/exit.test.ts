import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { HELLO, run, serviceFolder } from './support/program.ts';

const DRAINING = `${HELLO}
process.on('SIGTERM', () => { console.log('draining'); server.close(() => { console.log('drained'); process.exitCode = 7; }); });`;

const tracing = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:9' };

for (const [what, env] of [
  ['metrics only', {}],
  ['with spans', tracing],
  ['with metrics that are sent', { ...tracing, OTEL_METRICS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'none' }],
] as const) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} ends a service without handlers by that signal, as without the agent (${what})`, async (t) => {
      const cwd = serviceFolder(t, { 'dist/main.js': HELLO });
      for (const args of [['dist/main.js'], ['-r', './otel/register', 'dist/main.js']]) {
        const service = run(t, { cwd, args, env });
        await service.until(/service on/);
        service.process.kill(signal);
        const ended = await service.ended;
        assert.deepEqual([ended.code, ended.signal], [null, signal]);
      }
    });
  }

  test(`a service that drains on SIGTERM ends with its own exit code (${what})`, async (t) => {
    const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': DRAINING }), env });
    await service.until(/service on/);
    service.process.kill('SIGTERM');
    const ended = await service.ended;
    assert.deepEqual([ended.code, ended.signal], [7, null]);
    assert.match(ended.stdout, /draining\ndrained\n$/);
  });

  test(`exit codes, uncaught errors and their messages are the service's own (${what})`, async (t) => {
    const cwd = serviceFolder(t, {
      'dist/exit.js': 'process.exit(3)',
      'dist/throw.js': 'setImmediate(() => { throw new Error("boom"); })',
      'dist/reject.js': 'Promise.reject(new Error("lost"))',
    });
    for (const program of ['dist/exit.js', 'dist/throw.js', 'dist/reject.js']) {
      const bare = await run(t, { cwd, args: [program] }).ended;
      const { code, signal, stdout, stderr } = await run(t, { cwd, args: ['-r', './otel/register', program], env })
        .ended;
      assert.deepEqual({ code, signal, stdout, stderr: stderr.replace(/^otel: .*\n/gm, '') }, bare);
    }
  });
}

test('metrics alone add no listener to the process', async (t) => {
  const program =
    'console.log(["SIGTERM", "SIGINT", "beforeExit", "exit", "uncaughtException"].map((e) => process.listenerCount(e)).join())';
  const { stdout } = await run(t, { cwd: serviceFolder(t, { 'dist/main.js': program }) }).ended;
  assert.equal(stdout, '0,0,0,0,0\n');
});

test('spans of a process that ends by itself have reached the collector', async (t) => {
  const received: Buffer[] = [];
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => received.push(chunk)).on('end', () => response.end());
  });
  await new Promise<void>((resolve) => collector.listen(0, 'localhost', resolve));
  t.after(() => collector.close());
  const { port } = collector.address() as { port: number };
  const program = `
    const server = require('node:http').createServer((request, response) => response.end());
    server.listen(0, async () => { await fetch('http://localhost:' + server.address().port + '/seen'); server.close(); server.closeAllConnections(); });`;
  const { code } = await run(t, {
    cwd: serviceFolder(t, { 'dist/main.js': program }),
    env: { ...tracing, OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${port}` },
  }).ended;
  assert.equal(code, 0);
  assert.match(Buffer.concat(received).toString('latin1'), /probe-http/);
});

for (const [how, end] of [
  ['by itself', 'server.close(); server.closeAllConnections();'],
  ['by process.exit', 'setTimeout(() => process.exit(0), 100);'],
] as const) {
  test(`what a service counts while it drains after SIGTERM has reached the collector when it ends ${how}`, async (t) => {
    let last = '';
    const collector = createServer(async (request, response) => {
      last = await text(request);
      response.setHeader('content-type', 'application/json').end('{}');
    });
    await new Promise<void>((resolve) => collector.listen(0, 'localhost', resolve));
    t.after(() => collector.close());
    const { port } = collector.address() as { port: number };
    const program = `${HELLO}
      process.on('SIGTERM', async () => {
        await fetch('http://localhost:' + server.address().port + '/late');
        ${end}
      });`;
    const env = {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${port}`,
    };
    const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': program }), env });
    await service.until(/service on/);
    service.process.kill('SIGTERM');
    assert.equal((await service.ended).code, 0);
    assert.match(last, /"name":"http\.server\.requests"[^\]]*\][^\]]*"asDouble":1\b/);
  });
}
