import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELLO, metricsUrl, run, serviceFolder } from './support/program.ts';

test('otel/ copied beside dist/main.js into an empty folder is all that node -r ./otel/register needs', async (t) => {
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }) });
  const [, port] = await service.until(/service on (\d+)/);
  await (await fetch(`http://localhost:${port}/`)).text();
  const page = await (await fetch(await metricsUrl(service))).text();
  assert.match(page, /^http_server_requests_total\{http_request_method="GET",http_response_status_code="200"\} 1$/m);
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
    const page = await (await fetch(await metricsUrl(service))).text();
    assert.match(page, /^http_server_requests_total\{.*\} 1$/m);
  }
});

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

test('an agent that cannot be loaded costs one message, and the service runs', async (t) => {
  const cwd = serviceFolder(t, {
    'dist/main.js': "console.log('ran')",
    'otel/dist/agent.cjs': 'throw new Error("broken")',
  });
  const { code, stdout, stderr } = await run(t, { cwd }).ended;
  assert.deepEqual([code, stdout], [0, 'ran\n']);
  assert.match(stderr, /^otel: the service runs without the agent: it could not start: Error: broken/);
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

test('a package manager that NODE_OPTIONS drags the agent into takes no port', async (t) => {
  const cwd = serviceFolder(t, { 'dist/npm-cli.js': "console.log('npm ran')" });
  const { stdout, stderr } = await run(t, {
    cwd,
    args: ['dist/npm-cli.js'],
    env: { NODE_OPTIONS: '-r ./otel/register' },
  }).ended;
  assert.deepEqual([stdout, stderr], ['npm ran\n', '']);
});

test('a child that the service forks, and that is no worker of a cluster, has a page of its own', async (t) => {
  const program = `
    if (!process.argv[2]) require('node:child_process').fork(__filename, ['child']);
    else process.on('disconnect', () => process.exit());
    setInterval(() => {}, 1000);`;
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': program }) });
  const [, ...urls] = await service.until(/metrics of \S+ on (http:\S+)\notel: metrics of \S+ on (http:\S+)/);
  assert.notEqual(urls[0], urls[1]);
  for (const url of urls) {
    const page = await (await fetch(url)).text();
    assert.match(page, /^process_uptime_seconds /m);
    assert.doesNotMatch(page, /otel_cluster/);
  }
});
