import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { HELLO, metricsUrl, run } from './support/program.ts';

const OTEL = path.join(__dirname, '..');

/** What npm would publish. */
const FILES = [
  'LICENSE',
  'README.md',
  'dist/THIRD-PARTY-LICENSES.txt',
  'dist/agent.cjs',
  'dist/sbom.cdx.json',
  'package.json',
  'register.d.ts',
  'register.js',
];

let folder: string;
let files: string[];
let tarball: string;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'otel-package-'));
  const { stdout } = await npm(OTEL, 'pack', '--json', '--pack-destination', folder);
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = packed.files.map((file) => file.path).sort();
  tarball = path.join(folder, packed.filename);
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(path.join(OTEL, 'LICENSE'), { force: true });
});

test('the npm package is the agent, how it is loaded, what it is made of and its licences, and nothing else', () => {
  assert.deepEqual(files, FILES);
});

test('publint finds nothing wrong with the package', async () => {
  const [{ publint }, { formatMessage }] = await Promise.all([import('publint'), import('publint/utils')]);
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytesOf(tarball) } });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

test('its types are found however it is imported', async () => {
  const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core');
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(bytesOf(tarball))));
  assert.ok(checked.types, 'there are types');
  assert.deepEqual('problems' in checked ? checked.problems : undefined, []);
});

test('installed offline into an empty folder, node -r otel-register measures a service, and npx otel-register tells of it', async (t) => {
  const cwd = path.join(folder, 'service');
  mkdirSync(path.join(cwd, 'dist'), { recursive: true });
  writeFileSync(path.join(cwd, 'package.json'), '{ "name": "hello", "main": "dist/main.js" }');
  writeFileSync(path.join(cwd, 'dist/main.js'), HELLO);
  writeFileSync(path.join(cwd, 'main.mjs'), "import 'otel-register'; import './dist/main.js';");
  await npm(cwd, 'install', '--offline', '--no-audit', '--no-fund', '--cache', path.join(folder, 'cache'), tarball);
  assert.deepEqual(visible(path.join(cwd, 'node_modules')), ['otel-register']);
  assert.ok(!readdirSync(path.join(cwd, 'node_modules', 'otel-register')).includes('node_modules'));

  for (const args of [
    ['-r', 'otel-register', 'dist/main.js'],
    ['-r', 'otel-register/register', 'dist/main.js'],
    ['--import', 'otel-register', 'dist/main.js'],
    ['main.mjs'],
  ]) {
    const service = run(t, { cwd, args });
    const [, port] = await service.until(/service on (\d+)/);
    await (await fetch(`http://localhost:${port}/`)).text();
    const page = await (await fetch(await metricsUrl(service))).text();
    assert.match(page, /^http_server_requests_total\{.*\} 1$/m);
    assert.match(service.output.stderr, /^otel: metrics of hello on /);
    service.process.kill();
  }

  const told = () => npm(cwd, 'exec', '--offline', '--', 'otel-register', '--doctor').catch((error) => error);
  assert.match((await told()).stdout, /→ start with: node -r otel-register dist\/main\.js$/m);
  writeFileSync(path.join(cwd, 'package.json'), '{ "name": "hello" }');
  assert.match((await told()).stdout, /→ name it: npx otel-register --doctor dist\/main\.js$/m);
});

test('each package that the bundle has code of is in the bill of materials, and its licence allows that', () => {
  const hot = readFileSync(path.join(OTEL, 'dist/agent.cjs'), 'utf8');
  const packs = hot.matchAll(/(?<=["'`]|^\/\/packed \w+ )[\w+/=]{10000,}(?=["'`]|$)/gm);
  const cold = Array.from(packs, ([pack]) => brotliDecompressSync(Buffer.from(pack, 'base64')).toString()).join();
  const { components } = JSON.parse(readFileSync(path.join(OTEL, 'dist/sbom.cdx.json'), 'utf8')) as {
    components: { name: string; version: string; licenses: { expression: string }[]; hashes: { content: string }[] }[];
  };
  const listed = components.map(({ name }) => name);
  const inBundle = `${hot}${cold}`.matchAll(/"\.\.\/node_modules\/((?:@[^/"]+\/)?[^/"]+)\/[^"]*"\(/g);
  const named = new Set(Array.from(inBundle, ([, name = '']) => name));
  assert.ok(named.size > 50, String(named.size));
  for (const name of named) assert.ok(listed.includes(name), name);
  const text = readFileSync(path.join(OTEL, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const { name, version, licenses, hashes } of components) {
    assert.match(licenses[0]?.expression ?? '', /^(?:Apache-2\.0|MIT|ISC|BSD-[23]-Clause)$/, name);
    assert.match(hashes[0]?.content ?? '', /^[0-9a-f]{128}$/, name);
    assert.ok(text.includes(`\n${name} ${version}: ${licenses[0]?.expression}\n`), name);
  }
});

function npm(cwd: string, ...args: string[]) {
  return promisify(execFile)('npm', args, { cwd });
}

function bytesOf(file: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function visible(directory: string): string[] {
  return readdirSync(directory).filter((name) => !name.startsWith('.'));
}
