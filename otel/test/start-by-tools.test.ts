import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  freePort,
  HELLO,
  linesOf,
  metricsUrl,
  node,
  pageWith,
  type RunOptions,
  run,
  serviceFolder,
} from './support/program.ts';

/** The package managers and compilers of packages/acceptance/libraries/starters. */
const TOOLS = path.join(__dirname, '../../packages/acceptance/libraries/starters/node_modules');
const tool = (file: string) => path.join(TOOLS, file);

const NODE_OPTIONS = '-r ./otel/register';
const MANIFEST = JSON.stringify({ name: 'my-service', private: true, scripts: { start: 'node dist/main.js' } });
const TYPED = HELLO.replace('(request, response)', '(request: unknown, response: { end(text: string): void })');

const FILES = {
  'package.json': MANIFEST,
  'dist/main.js': HELLO,
  'src/main.ts': TYPED,
  'src/main.mts': TYPED.replace("require('node:http')", "(await import('node:http'))"),
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'nodenext', types: [], strict: false },
    'ts-node': { transpileOnly: true },
  }),
};

function folderWithTools(t: TestContext, files: Record<string, string> = {}): string {
  const cwd = serviceFolder(t, { ...FILES, ...files });
  symlinkSync(TOOLS, path.join(cwd, 'node_modules'));
  return cwd;
}

/** Starts the service in some way: it is measured, and nothing but the service runs the agent. */
async function assertMeasured(t: TestContext, options: RunOptions): Promise<void> {
  const service = run(t, options);
  const [, port] = await service.until(/service on (\d+)/);
  const url = await metricsUrl(service);
  assert.equal(await (await fetch(`http://localhost:${port}/`)).text(), 'hello');
  const page = await pageWith(url, /^http_server_requests_total/m);
  assert.deepEqual(page.match(/^(?:http_server_requests_total.*|otel_cluster.*|target_info\{service_name="[^"]*")/gm), [
    'target_info{service_name="my-service"',
    'http_server_requests_total{http_request_method="GET",http_response_status_code="200"} 1',
  ]);
  assert.equal(linesOf(service).length, 1, service.output.stderr);
}

for (const [way, command, ...args] of [
  ['node', node, 'dist/main.js'],
  ['npm start', 'npm', 'start'],
  ['npx', 'npx', '-c', 'node dist/main.js'],
  ['pnpm start', node, tool('pnpm/bin/pnpm.cjs'), 'start'],
  ['pnpm exec', node, tool('pnpm/bin/pnpm.cjs'), 'exec', 'node', 'dist/main.js'],
  ['yarn 1', node, tool('yarn/bin/yarn.js'), 'start'],
  ['tsx', 'node_modules/.bin/tsx', 'src/main.ts'],
  ['tsx, an ES module', node, tool('tsx/dist/cli.mjs'), 'src/main.mts'],
  ['ts-node', 'node_modules/.bin/ts-node', 'src/main.ts'],
] as const) {
  test(`NODE_OPTIONS reaches the service and no other process: ${way}`, (t) =>
    assertMeasured(t, { cwd: folderWithTools(t), command, args, env: { NODE_OPTIONS } }));
}

const NODE_24 = path.join(__dirname, '../../packages/acceptance/nodes/node_modules/node-24/bin/node');

test('NODE_OPTIONS reaches the service and no other process: node --run', { skip: !existsSync(NODE_24) }, (t) => {
  // Which Node.js the script is run with, the path says.
  const env = { NODE_OPTIONS, PATH: `${path.dirname(NODE_24)}:${process.env.PATH}` };
  return assertMeasured(t, { cwd: folderWithTools(t), command: NODE_24, args: ['--run', 'start'], env });
});

test('NODE_OPTIONS reaches the service and no other process: yarn 4, as it lies in a repository', async (t) => {
  const release = '.yarn/releases/yarn-4.18.1.cjs';
  const settings = `yarnPath: ${release}\nnodeLinker: node-modules\nenableTelemetry: false\n`;
  const cwd = serviceFolder(t, { ...FILES, '.yarnrc.yml': settings, 'yarn.lock': '' });
  mkdirSync(path.join(cwd, '.yarn/releases'), { recursive: true });
  cpSync(tool('@yarnpkg/cli-dist/bin/yarn.js'), path.join(cwd, release));
  const env = { NODE_OPTIONS, HOME: cwd };
  const installing = run(t, { cwd, args: [release, 'install'], env });
  assert.equal((await installing.ended).code, 0, installing.output.stdout);
  assert.deepEqual(linesOf(installing), []);
  // The yarn of a machine, which is often that of version 1, hands over to the one of the repository.
  for (const yarn of [release, tool('yarn/bin/yarn.js')]) {
    await assertMeasured(t, { cwd, args: [yarn, 'start'], env });
  }
});

test("as a package in an archive of Yarn's Plug'n'Play, the agent measures the service and sends its last spans", async (t) => {
  const manifest = JSON.stringify({ name: 'my-service', dependencies: { 'otel-register': 'file:./otel' } });
  const settings = 'nodeLinker: pnp\nenableGlobalCache: false\nenableTelemetry: false\n';
  const cwd = serviceFolder(t, {
    ...FILES,
    'package.json': manifest,
    'otel/package.json': readFileSync(path.join(__dirname, '../package.json'), 'utf8'),
    'dist/exit.js': "require('node:http').get('http://localhost:1').on('error', () => process.exit(3));",
    '.yarnrc.yml': settings,
    'yarn.lock': '',
  });
  const yarn = tool('@yarnpkg/cli-dist/bin/yarn.js');
  const env = { HOME: cwd, COREPACK_ENABLE_STRICT: '0' };
  const installed = await run(t, { cwd, args: [yarn, 'install'], env }).ended;
  assert.equal(installed.code, 0, installed.stdout);
  assert.match(readdirSync(path.join(cwd, '.yarn/cache')).join(), /otel-register-file-\w+-\w+\.zip/);
  rmSync(path.join(cwd, 'otel'), { recursive: true });
  const preloads = ['-r', './.pnp.cjs', '-r', 'otel-register'];
  await assertMeasured(t, { cwd, args: [...preloads, 'dist/main.js'] });

  let bytes = 0;
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end());
  });
  await new Promise<void>((resolve) => collector.listen(0, 'localhost', resolve));
  t.after(() => collector.close());
  const { port } = collector.address() as { port: number };
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${port}` };
  const { code, stderr } = await run(t, { cwd, args: [...preloads, 'dist/exit.js'], env: endpoint }).ended;
  assert.deepEqual([code, bytes > 0], [3, true], stderr);
  assert.doesNotMatch(stderr, /are lost/);
});

test('NODE_OPTIONS with a relative path holds in the folders of a monorepo', async (t) => {
  const cwd = serviceFolder(t, {
    'package.json': '{"name":"root","private":true,"workspaces":["services/*"]}',
    'services/one/package.json': MANIFEST,
    'services/one/dist/main.js': HELLO,
  });
  for (const otherOption of ['', '--no-warnings ']) {
    const env = { NODE_OPTIONS: otherOption + NODE_OPTIONS };
    await assertMeasured(t, { cwd, command: 'npm', args: ['start', '-w', 'services/one'], env });
  }
});

for (const [way, command, ...args] of [
  ['tsx', 'node_modules/.bin/tsx', '-r', './otel/register', 'src/main.ts'],
  ['tsx as a preload', node, '-r', './otel/register', '--import', 'tsx', 'src/main.ts'],
  ['tsx as a preload, an ES module', node, '--import', 'tsx', '--import', './otel/register.js', 'src/main.mts'],
  ['ts-node before the agent', node, '-r', 'ts-node/register', '-r', './otel/register', 'src/main.ts'],
  ['ts-node after the agent', node, '-r', './otel/register', '-r', 'ts-node/register', 'src/main.ts'],
  ['ts-node, an ES module', node, '-r', './otel/register', '--loader', 'ts-node/esm', 'src/main.mts'],
] as const) {
  test(`a service in TypeScript is measured: ${way}`, (t) =>
    assertMeasured(t, { cwd: folderWithTools(t), command, args }));
}

test('node --watch frees the port and takes it again', async (t) => {
  const cwd = serviceFolder(t, FILES);
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: await freePort() };
  const service = run(t, { cwd, args: ['--watch', '-r', './otel/register', 'dist/main.js'], env });
  const url = await metricsUrl(service);
  writeFileSync(path.join(cwd, 'dist/main.js'), HELLO.replace('service on', 'new service on'));
  await service.until(/new service on/);
  await service.until(/(metrics of.*\n)[\s\S]*\1/);
  assert.match(await (await fetch(url)).text(), /^target_info/m);
  assert.deepEqual(linesOf(service).length, 2, service.output.stderr);
  service.process.kill();
  await service.ended;
});
