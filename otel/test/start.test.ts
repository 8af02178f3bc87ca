import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { buildSync } from 'esbuild';
import { HELLO, metricsUrl, node, pageWith, run, serviceFolder } from './support/program.ts';

test('otel/ copied beside dist/main.js into an empty folder is all that node -r ./otel/register needs', async (t) => {
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }) });
  const [, port] = await service.until(/service on (\d+)/);
  await (await fetch(`http://localhost:${port}/`)).text();
  const counted = /^http_server_requests_total\{http_request_method="GET",http_response_status_code="200"\} 1$/m;
  await pageWith(await metricsUrl(service), counted);
  assert.match(service.output.stderr, /^otel: metrics of unknown_service:node on http:\S+\n$/);
  assert.match(service.output.stdout, /^service on \d+\n$/);
});

test('an ES module runs under -r and under --import alike', async (t) => {
  const cwd = serviceFolder(t, {
    'dist/main.mjs': HELLO.replace("require('node:http')", "(await import('node:http'))"),
  });
  for (const args of [
    ['-r', './otel/register', 'dist/main.mjs'],
    ['--import', './otel/register.js', 'dist/main.mjs'],
  ]) {
    const service = run(t, { cwd, args });
    const [, port] = await service.until(/service on (\d+)/);
    await (await fetch(`http://localhost:${port}/`)).text();
    await pageWith(await metricsUrl(service), /^http_server_requests_total\{.*\} 1$/m);
  }
});

const TAKEN = [
  ...['performance', 'setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'],
  ...['Buffer', 'URL', 'URLSearchParams'],
];

for (const [what, change] of [
  ['takes globals away', `for (const name of ${JSON.stringify(TAKEN)}) delete globalThis[name];`],
  ['stops the clock, as its tests do,', "require('node:test').mock.timers.enable();"],
] as const) {
  test(`a service that ${what} is measured and scraped all the same`, async (t) => {
    const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': change + HELLO }) });
    const [, port] = await service.until(/service on (\d+)/);
    await (await fetch(`http://localhost:${port}/`)).text();
    await pageWith(await metricsUrl(service), /^http_server_requests_total\{.*\} 1$/m);
    assert.match(service.output.stderr.match(/^otel: .*$/gm)?.join() ?? '', /^otel: metrics of \S+ on http:\S+$/);
  });
}

test('metrics alone do not unpack what only spans need', async (t) => {
  const program = "console.log(process.moduleLoadList.includes('NativeModule zlib'))";
  const cwd = serviceFolder(t, { 'dist/main.js': program });
  const withSpans = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:9' };
  assert.equal((await run(t, { cwd }).ended).stdout, 'false\n');
  assert.equal((await run(t, { cwd, env: withSpans }).ended).stdout, 'true\n');
});

test('an agent that was not built costs one line that says how to build it, and the service runs', async (t) => {
  const program = "process.stdout.write('the service ran')";
  const ended = await run(t, { cwd: serviceFolder(t, { 'dist/main.js': program }, ['register.js']) }).ended;
  assert.deepEqual(ended, {
    code: 0,
    signal: null,
    stdout: 'the service ran',
    stderr:
      'otel: the service runs without the agent: otel/dist/agent.cjs is not there; build it with: npm run build\n',
  });
});

test('an agent that was bundled into the service says to leave it out of the bundle, and the service runs', async (t) => {
  const cwd = serviceFolder(t, { 'src/main.js': "require('../otel/register'); console.log('ran')" });
  buildSync({
    entryPoints: [path.join(cwd, 'src/main.js')],
    outfile: path.join(cwd, 'dist/main.js'),
    bundle: true,
    platform: 'node',
  });
  const { code, stdout, stderr } = await run(t, { cwd, args: ['dist/main.js'] }).ended;
  assert.deepEqual([code, stdout], [0, 'ran\n']);
  assert.match(
    stderr,
    /^otel: the service runs without the agent: it was bundled into \S+main\.js, .* load it with -r/,
  );
});

test('an agent that was not built costs nothing where its line cannot be written', async (t) => {
  const cwd = serviceFolder(t, { 'dist/main.js': "process.on('exit', () => console.log('ended well'))" }, [
    'register.js',
  ]);
  const args = ['-c', 'exec "$@" 2>/dev/full', 'sh', node, '-r', './otel/register', 'dist/main.js'];
  const { code, stdout } = await run(t, { cwd, command: 'sh', args }).ended;
  assert.deepEqual([code, stdout], [0, 'ended well\n']);
});

test('an agent that cannot be loaded costs one message, and the service runs', async (t) => {
  const cwd = serviceFolder(t, {
    'dist/main.js': "console.log('ran')",
    'otel/dist/agent.cjs': 'throw new Error("broken")',
  });
  const { code, stdout, stderr } = await run(t, { cwd }).ended;
  assert.deepEqual([code, stdout], [0, 'ran\n']);
  assert.match(stderr, /^otel: the service runs without the agent: it could not start: Error: broken/);
});

test('copied into an ES module without its package.json, the agent says that it needs it, and the service runs', async (t) => {
  const files = { 'package.json': '{ "type": "module" }', 'dist/main.js': "console.log('ran')" };
  const { code, stdout, stderr } = await run(t, { cwd: serviceFolder(t, files) }).ended;
  assert.deepEqual([code, stdout], [0, 'ran\n']);
  assert.match(stderr, /^otel: the service runs without the agent: otel\/package\.json is not there,/m);
  const complete = serviceFolder(t, { ...files, 'otel/package.json': '{ "type": "commonjs" }' });
  // It may end before the agent listens.
  assert.doesNotMatch((await run(t, { cwd: complete }).ended).stderr, /without the agent/);
});

test('a process that has nothing left to do ends at once: no listener, timer or scrape keeps it', async (t) => {
  const { code, signal } = await run(t, { cwd: serviceFolder(t, { 'dist/main.js': 'setTimeout(() => {}, 10)' }) })
    .ended;
  assert.deepEqual([code, signal], [0, null]);
});

test('worker threads and a second -r start no second agent', async (t) => {
  const program = `
    const { Worker } = require('node:worker_threads');
    new Worker('console.log("worker ran")', { eval: true }).on('exit', () => console.log('done'));`;
  const { stdout, stderr } = await run(t, {
    cwd: serviceFolder(t, { 'dist/main.js': program }),
    args: ['-r', './otel/register', '-r', './otel/register.js', 'dist/main.js'],
  }).ended;
  assert.equal(stdout, 'worker ran\ndone\n');
  assert.equal(stderr.match(/^otel:/gm)?.length, 1);
});
