import assert from 'node:assert/strict';
import { cpSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { linesOf, metricsUrl, pageWith, run, serviceFolder } from './support/program.ts';

const STARTERS = path.join(__dirname, '../../packages/acceptance/libraries/starters/node_modules');
const STOCK = createRequire(__filename).resolve('@opentelemetry/auto-instrumentations-node/register');

/** Asks itself once, and says when it has its answer. */
const SERVICE = `
const http = require('node:http');
const server = http.createServer((request, response) => response.end('hello'));
server.listen(0, () => {
  http.get({ port: server.address().port, agent: false }, (response) => response.resume().on('end', () => console.log('asked')));
});`;

/** What an agent for performance monitoring does: it wraps what loads modules, and what they export. */
const WRAPPING = `
const Module = require('node:module');
const http = require('node:http');
const { require: original } = Module.prototype;
Module.prototype.require = function (id) { return original.apply(this, arguments); };
const { _load } = Module;
Module._load = function () { return _load.apply(this, arguments); };
for (const name of ['get', 'request', 'createServer']) {
  const wrapped = http[name];
  http[name] = function () { return wrapped.apply(this, arguments); };
}
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function () { return emit.apply(this, arguments); };`;

const COUNTS = /^http_(?:server_requests_total|client_request_duration_seconds_count).* \d+$/gm;

async function countsOf(t: TestContext, cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const service = run(t, { cwd, args: [...args, 'dist/main.js'], env });
  const url = await metricsUrl(service);
  await service.until(/asked/);
  const page = await pageWith(url, /^http_server_requests_total/m);
  return {
    service,
    counts: page.match(COUNTS),
  };
}

function assertCountedOnce(counts: readonly string[] | null): void {
  assert.deepEqual(counts?.map((line) => line.replace(/\{.*\}/, '')).sort(), [
    'http_client_request_duration_seconds_count 1',
    'http_server_requests_total 1',
  ]);
}

const OURS = ['-r', './otel/register'];

for (const [what, other] of [
  ['one that wraps what it finds', ['-r', './wrapping.js']],
  ['source-map-support', ['-r', 'source-map-support/register']],
  ['itself', OURS],
  ['itself by --import', ['--import', './otel/register.js']],
  ['a copy of itself in another folder', ['-r', './vendor/otel/register.js']],
] as const) {
  for (const [order, args] of [
    ['after', [...other, ...OURS]],
    ['before', [...OURS, ...other]],
  ] as const) {
    test(`the agent ${order} another preload, ${what}: everything is counted once`, async (t) => {
      const cwd = serviceFolder(t, { 'dist/main.js': SERVICE, 'wrapping.js': WRAPPING });
      cpSync(path.join(cwd, 'otel'), path.join(cwd, 'vendor/otel'), { recursive: true });
      symlinkSync(STARTERS, path.join(cwd, 'node_modules'));
      const { service, counts } = await countsOf(t, cwd, args);
      assertCountedOnce(counts);
      assert.equal(linesOf(service).length, 1, service.output.stderr);
    });
  }
}

for (const [order, args] of [
  ['after', ['-r', STOCK, ...OURS]],
  ['before', [...OURS, '-r', STOCK]],
] as const) {
  test(`the agent ${order} the stock register of OpenTelemetry says once that there are two`, async (t) => {
    const cwd = serviceFolder(t, { 'dist/main.js': SERVICE });
    const env = { OTEL_NODE_RESOURCE_DETECTORS: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    const { service } = await countsOf(t, cwd, args, env);
    const lines = linesOf(service).filter((line) => /two OpenTelemetry SDKs/.test(line));
    assert.equal(lines.length, 1, service.output.stderr);
    assert.doesNotMatch(service.output.stderr, /^ +at /m);
  });
}
