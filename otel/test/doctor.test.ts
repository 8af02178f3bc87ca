import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import module from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort, run, serviceFolder } from './support/program.ts';

const EVERYWHERE = { OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0' };

/** A service with these dependencies, each of which is there in its version and has the files that are named. */
function service(
  t: TestContext,
  dependencies: Record<string, string>,
  { manifest = {}, files = {} }: { manifest?: object; files?: Record<string, string> } = {},
): string {
  const installed = Object.entries(dependencies).map(([name, version]) => [
    `node_modules/${name}/package.json`,
    JSON.stringify({ name, version }),
  ]);
  const own = { name: 'shop', main: 'dist/main.js', dependencies, ...manifest };
  return serviceFolder(t, {
    'package.json': JSON.stringify(own),
    'dist/main.js': '',
    ...Object.fromEntries(installed),
    ...files,
  });
}

async function doctor(t: TestContext, cwd: string, env: Record<string, string> = EVERYWHERE, ...args: string[]) {
  return run(t, { cwd, args: ['otel/register', '--doctor', ...args], env }).ended;
}

test('a service in which all is well: what is measured in which version, where the page is, and exit code 0', async (t) => {
  const cwd = service(
    t,
    { express: '4.21.2', fastify: '5.6.0', mysql2: '3.15.0', zod: '4.0.0' },
    { files: { 'node_modules/express/lib/router/layer.js': '' } },
  );
  const port = await freePort();
  const { code, stdout, stderr } = await doctor(t, cwd, { ...EVERYWHERE, OTEL_EXPORTER_PROMETHEUS_PORT: port });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^otel-register \d+\.\d+\.\d+ for shop$/m);
  assert.match(stdout, /✔ the main file is dist\/main\.js, CommonJS$/m);
  assert.match(stdout, /✔ express 4\.21\.2 +measured by the probe express, in lib\/router\/layer\.js$/m);
  assert.match(stdout, /✔ fastify 5\.6\.0 +measured by the probe fastify, told by itself$/m);
  assert.match(stdout, /· mysql2 3\.15\.0 +has spans only, and spans are off$/m);
  assert.doesNotMatch(stdout, /zod/);
  assert.match(stdout, new RegExp(`✔ http://0\\.0\\.0\\.0:${port}/metrics$`, 'm'));
  assert.match(stdout, new RegExp(`✔ port ${port} is free$`, 'm'));
  assert.match(stdout, /^All is well\.$/m);
});

test('a library in a version that no probe knows is wrong, unless it is switched off; the line says which versions are known', async (t) => {
  const cwd = service(t, { koa: '1.7.1' });
  const { code, stdout } = await doctor(t, cwd);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /✖ koa 1\.7\.1 +this version is not known: nothing of it is measured\n +→ use koa >=2\.0\.0 <4,/,
  );
  assert.match(stdout, /^One thing is wrong\.$/m);
  const off = await doctor(t, cwd, { ...EVERYWHERE, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'koa' });
  assert.match(off.stdout, /· koa 1\.7\.1 +switched off as koa by OTEL_NODE_DISABLED_INSTRUMENTATIONS$/m);
  assert.equal(off.code, 0);
});

test('a library in the main file itself cannot be measured, and is to be left outside of the bundle, unless it tells of itself', async (t) => {
  const main = '// node_modules/express/lib/router/layer.js\n\n  // ../node_modules/fastify/fastify.js\n';
  const files = { 'node_modules/express/lib/router/layer.js': '', 'dist/main.js': main };
  const { code, stdout } = await doctor(t, service(t, { express: '4.21.2', fastify: '5.6.0' }, { files }));
  assert.equal(code, 1);
  assert.match(
    stdout,
    /✖ express 4\.21\.2 +it is bundled .*, where nothing of it is measured\n +→ leave it outside .*external$/m,
  );
  assert.match(stdout, /✔ fastify 5\.6\.0 +measured by the probe fastify/);
});

test('Nest, whose routes are those of Express or Fastify, is measured in each version', async (t) => {
  const files = { 'node_modules/@nestjs/core/nest-factory.js': '' };
  for (const version of ['11.2.10', '12.5.1', '99.0.0']) {
    const { code, stdout } = await doctor(t, service(t, { '@nestjs/core': version }, { files }));
    const line = new RegExp(`✔ @nestjs/core ${version} +its routes are measured as those of Express or Fastify$`, 'm');
    assert.match(stdout, line);
    assert.equal(code, 0);
  }
});

test('with spans on, a library says what it is measured and traced by', async (t) => {
  const cwd = service(t, { fastify: '4.10.0', mysql2: '3.15.0' });
  const { stdout } = await doctor(t, cwd, { ...EVERYWHERE, OTEL_TRACES_EXPORTER: 'otlp' });
  assert.match(stdout, /✔ fastify 4\.10\.0 +measured and traced by the probe fastify/);
  assert.match(stdout, /✔ mysql2 3\.15\.0 +traced by the instrumentation mysql2/);
});

test('libraries that others bring along are named with who needs them; what cannot be found is wrong', async (t) => {
  const manifest = JSON.stringify({ name: 'kit', version: '1.0.0', dependencies: { koa: '3.0.0' } });
  const inner = JSON.stringify({ name: 'koa', version: '3.0.0' });
  const files = { 'node_modules/kit/package.json': manifest, 'node_modules/kit/node_modules/koa/package.json': inner };
  const found = await doctor(t, service(t, { kit: '1.0.0' }, { files }));
  assert.match(found.stdout, /✔ koa 3\.0\.0 +measured by the probe koa, in its main module \(kit needs it\)$/m);
  const missing = await doctor(t, service(t, {}, { manifest: { dependencies: { koa: '3.0.0' } } }));
  assert.match(missing.stdout, /✖ koa of package\.json cannot be found from /);
  assert.equal(missing.code, 1);
});

test('a copy of the OpenTelemetry API that does not meet the one of the agent is wrong; what does the same work is named', async (t) => {
  const apis = service(t, { '@opentelemetry/api': '1.99.0', 'dd-trace': '5.0.0', 'prom-client': '15.1.3' });
  const { code, stdout } = await doctor(t, apis);
  assert.match(stdout, /✖ @opentelemetry\/api 1\.99\.0 +does not work with the agent/);
  assert.match(stdout, /! dd-trace 5\.0\.0 +is an agent as well/);
  assert.match(stdout, /! prom-client 15\.1\.3 /);
  assert.equal(code, 1);
  const older = await doctor(t, service(t, { '@opentelemetry/api': '1.4.0' }));
  assert.match(older.stdout, /✔ @opentelemetry\/api 1\.4\.0 +works with the agent/);
});

test('a port that is taken is wrong and says by whom on Linux', async (t) => {
  const server = createServer().listen(0, '0.0.0.0');
  t.after(() => server.close());
  await new Promise((resolve) => server.on('listening', resolve));
  const port = String((server.address() as { port: number }).port);
  const env = { ...EVERYWHERE, OTEL_EXPORTER_PROMETHEUS_PORT: port };
  const taken = await doctor(t, service(t, {}), env);
  const who = process.platform === 'linux' ? `process ${process.pid} \\(` : 'another process';
  assert.match(taken.stdout.replace(/\n +/g, ' '), new RegExp(`✖ port ${port} is taken by ${who}`));
  assert.equal(taken.code, 1);
});

test('a service that runs already holds its own port', { skip: process.platform !== 'linux' }, async (t) => {
  const cwd = service(t, {}, { files: { 'dist/main.js': 'setInterval(() => {}, 1000)' } });
  const port = await freePort();
  const env = { ...EVERYWHERE, OTEL_EXPORTER_PROMETHEUS_PORT: port };
  await run(t, { cwd, env }).until(/metrics of shop on/);
  const { code, stdout } = await doctor(t, cwd, env);
  assert.match(stdout.replace(/\n +/g, ' '), new RegExp(`✔ port ${port} is held by .*: the service runs already`));
  assert.equal(code, 0);
});

test('what a script preloads before the agent is named, unless it loads no library', async (t) => {
  const start = (scripts: Record<string, string>) => doctor(t, service(t, {}, { manifest: { scripts } }));
  const early = await start({ start: 'node -r dd-trace/init -r ./otel/register dist/main.js' });
  assert.match(early.stdout, /✖ script start loads dd-trace\/init before the agent/);
  const fine = await start({ start: 'node -r dotenv/config -r ./otel/register --import ./late.mjs dist/main.js' });
  assert.match(fine.stdout, /✔ script start loads it$/m);
  const imported = await start({ start: 'node --import=./otel/register.js -r newrelic dist/main.js' });
  assert.match(imported.stdout, /✖ script start loads newrelic before the agent/);
});

test('no secret is shown, whichever variable it was put into; a bad value is wrong', async (t) => {
  const secret = 'hunter2hunter2';
  const cwd = service(t, {});
  const variables = [
    'OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN',
    'OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE',
    'OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH',
    'OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH_FILE',
    'OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE',
    'OTEL_EXPORTER_PROMETHEUS_TLS_CERTIFICATE_FILE',
    'OTEL_CONFIG_FILE',
  ];
  const env = Object.fromEntries(variables.map((name) => [name, secret]));
  const told = await doctor(t, cwd, { ...EVERYWHERE, ...env, OTEL_METRICS_CARDINALITY_LIMIT: 'many' });
  const printed = await run(t, { cwd, args: ['otel/register', '--print-config'], env }).ended;
  for (const { stdout, stderr } of [told, printed]) assert.ok(!`${stdout}${stderr}`.includes('hunter2'), stdout);
  assert.match(told.stdout, /✔ OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN=\(set, not shown\)$/m);
  assert.match(told.stdout, /✖ OTEL_METRICS_CARDINALITY_LIMIT="many" is not a whole number/);
});

test('what keeps scrapes out is wrong: half a certificate, a token in no file, the same port for nobody', async (t) => {
  const told = async (env: Record<string, string>) => {
    const { code, stdout } = await doctor(t, service(t, {}), { ...EVERYWHERE, ...env });
    assert.equal(code, 1);
    return stdout.replace(/\n +/g, ' ');
  };
  assert.match(
    await told({ OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE: 'key.pem' }),
    /✖ there is no page: a certificate needs a key/,
  );
  assert.match(
    await told({ OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE: 'nowhere' }),
    /✖ OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE: ENOENT.* it lets nobody in/,
  );
  assert.match(await told({ OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'on' }), /✖ OTEL_EXPORTER_PROMETHEUS_SAME_PORT=on/);
});

test('an ES module that imports what only hooks can measure needs a Node.js that has them', async (t) => {
  const files = { 'node_modules/hono/dist/cjs/context.js': '', 'otel/package.json': '{ "type": "commonjs" }' };
  const manifest = { type: 'module' };
  const { stdout } = await doctor(t, service(t, { hono: '4.10.0' }, { manifest, files }));
  assert.match(stdout, /✔ the main file is dist\/main\.js, an ES module$/m);
  const hasHooks = 'registerHooks' in module;
  assert.match(stdout, hasHooks ? /✔ hono 4\.10\.0 +measured/ : /✖ hono 4\.10\.0 .* needs\s+Node\.js 22\.15/);
});

test('colours are for terminals, where NO_COLOR is not set; a narrow one gets short lines', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const cwd = service(t, { koa: '3.0.0' });
  const onTerminal = (env: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const command = `stty cols 50; ${process.execPath} otel/register --doctor`;
      const options = { cwd, env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ...env } };
      execFile('script', ['-qec', command, '/dev/null'], options, (_error, stdout) => resolve(stdout));
    });
  const ESCAPE = String.fromCharCode(27);
  const coloured = await onTerminal(EVERYWHERE);
  assert.ok(coloured.includes(`${ESCAPE}[32m✔`), coloured);
  const plain = await onTerminal({ ...EVERYWHERE, NO_COLOR: '1' });
  assert.ok(!plain.includes(ESCAPE), plain);
  assert.match(plain, /koa 3\.0\.0: measured by the probe koa,/);
  const long = plain.split(/\r?\n/).filter((line) => line.length > 50 && !line.includes(path.sep));
  assert.deepEqual(long, []);
  assert.ok(!(await doctor(t, cwd)).stdout.includes(ESCAPE));
});
