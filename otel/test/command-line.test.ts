import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, serviceFolder } from './support/program.ts';

test('node otel/register says how it is used, and --help alike', async (t) => {
  const cwd = serviceFolder(t, {});
  for (const args of [['otel/register'], ['otel/register.js', '--help']]) {
    const { code, stdout, stderr } = await run(t, { cwd, args }).ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Usage: node -r \.\/otel\/register/);
    assert.match(stdout, /--doctor/);
    assert.match(stdout, /^ {2}OTEL_EXPORTER_PROMETHEUS_PORT$/m);
  }
});

test('an option that is not there, and an argument too many, are said on stderr with what there is: exit code 2', async (t) => {
  const cwd = serviceFolder(t, {});
  for (const [args, why] of [
    [['--docter'], /^otel: there is no option --docter; there are --help, --doctor, --print-config\./],
    [['--doctor', 'a.js', 'b.js'], /^otel: b\.js is one argument too many;/],
    [['dist/main.js'], /^otel: dist\/main\.js is one argument too many;.* node -r \.\/otel\/register dist\/main\.js$/m],
  ] as const) {
    const { code, stdout, stderr } = await run(t, { cwd, args: ['otel/register', ...args] }).ended;
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, why);
  }
});

test('--print-config is JSON: each variable with its value and where that is from', async (t) => {
  const cwd = serviceFolder(t, { 'package.json': '{ "name": "shop" }' });
  const { code, stdout } = await run(t, {
    cwd,
    args: ['otel/register', '--print-config'],
    env: {
      OTEL_TRACES_EXPORTER: 'otlp,console',
      OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: '10.0.0.0/8',
      OTEL_METRICS_CARDINALITY_LIMIT: 'many',
    },
  }).ended;
  const { service, settings, warnings } = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.equal(service.name, 'shop');
  assert.deepEqual(settings.OTEL_EXPORTER_PROMETHEUS_PORT, { value: 0, from: 'environment' });
  assert.deepEqual(settings.OTEL_TRACES_EXPORTER, { value: 'otlp,console', from: 'environment' });
  assert.deepEqual(settings.OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES, { value: '10.0.0.0/8', from: 'environment' });
  assert.deepEqual(settings.OTEL_METRICS_CARDINALITY_LIMIT, { value: 2000, from: 'environment' });
  assert.deepEqual(settings.OTEL_NODE_WORKER_THREADS, { value: true, from: 'default' });
  assert.deepEqual(warnings, [
    'OTEL_METRICS_CARDINALITY_LIMIT="many" is not a whole number from 1 to 1000000; using 2000 instead',
  ]);
});

test('where NODE_OPTIONS loads the agent, and where it is switched off, its command line is the same', async (t) => {
  const cwd = serviceFolder(t, {});
  for (const env of [{ NODE_OPTIONS: '-r ./otel/register' }, { OTEL_SDK_DISABLED: 'true' }]) {
    const { code, stdout, stderr } = await run(t, { cwd, args: ['otel/register', '--help'], env }).ended;
    assert.deepEqual([code, stderr, stdout.match(/^Usage:/gm)?.length], [0, '', 1]);
  }
});

test('an agent that was not built fails its command line with one line', async (t) => {
  const cwd = serviceFolder(t, {}, ['register.js']);
  const { code, stdout, stderr } = await run(t, { cwd, args: ['otel/register', '--doctor'] }).ended;
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /otel\/dist\/agent\.cjs is not there; build it with: npm run build\n$/);
});
