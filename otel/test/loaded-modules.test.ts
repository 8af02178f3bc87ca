import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { run, serviceFolder } from './support/program.ts';

/** A service that listens and tells which of Node's public modules are loaded by then, and which files. */
const TELLS_WHAT_IS_LOADED = `
  const { builtinModules } = require('node:module');
  const server = require('node:http').createServer().listen(0, 'localhost', () => {
    const builtins = process.moduleLoadList.map((name) => name.replace(/^NativeModule /, ''));
    const files = Object.keys(require.cache).map((file) => file.slice(__dirname.length - 'dist'.length));
    console.log(JSON.stringify({ builtins: builtins.filter((name) => builtinModules.includes(name)), files }));
    server.close();
  });`;

/** What metrics alone load of Node.js, beside what a server loads itself. */
const OF_METRICS = ['os', 'perf_hooks', 'process', 'v8', 'worker_threads'];

interface Loaded {
  readonly builtins: string[];
  readonly files: string[];
}

test('an agent that is switched off loads nothing: none of its own modules and none of Node.js', async (t) => {
  const bare = await loaded(t, ['dist/main.js']);
  const off = await loaded(t, undefined, { OTEL_SDK_DISABLED: 'true' });
  assert.deepEqual(more(off, bare), []);
  assert.deepEqual(off.files.sort(), ['dist/main.js', 'otel/register.js']);
});

test('metrics alone evaluate nothing that only other configurations need, such as gRPC, TLS, HTTP/2 or cryptography', async (t) => {
  const bare = await loaded(t, ['dist/main.js']);
  const on = await loaded(t);
  const surplus = more(on, bare).filter((name) => !OF_METRICS.includes(name));
  assert.deepEqual(surplus, []);
  assert.deepEqual(on.files.sort(), ['dist/main.js', 'otel/register.js']);
});

test('what spans need is unpacked when there are spans, by zlib and vm, which are loaded for nothing else', async (t) => {
  const { builtins } = await loaded(t, undefined, { OTEL_TRACES_EXPORTER: 'console' });
  assert.ok(builtins.includes('zlib') && builtins.includes('vm'), builtins.join(' '));
});

async function loaded(t: TestContext, args?: string[], env?: Record<string, string>): Promise<Loaded> {
  const cwd = serviceFolder(t, { 'dist/main.js': TELLS_WHAT_IS_LOADED });
  const { stdout } = await run(t, { cwd, ...(args && { args }), ...(env && { env }) }).ended;
  return JSON.parse(stdout.split('\n')[0] ?? '') as Loaded;
}

function more({ builtins }: Loaded, { builtins: before }: Loaded): string[] {
  return builtins.filter((name) => !before.includes(name));
}
