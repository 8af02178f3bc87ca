import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ManagedProcess, onFreePort, startProcess, waitForOutput } from '@payments/local-stack';
import { takeStep } from './support/each-redis.ts';
import { startProgram } from './support/program.ts';

// Redis without its JSON module, but with commands of those names: they answer as the module does, a text or null a key.
const RENAMED = ['--rename-command', 'GET', 'JSON.GET', '--rename-command', 'MGET', 'JSON.MGET'];

const folder = mkdtempSync(join(tmpdir(), 'acceptance-redis-json-'));
let server: ManagedProcess;
let url: string;

before(async () => {
  server = await onFreePort(async (port) => {
    url = `redis://127.0.0.1:${port}`;
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...RENAMED];
    const started = await startProcess('redis-server', args, { cwd: folder });
    await waitForOutput(started, 'Redis', () => /Ready to accept connections/.test(started.stdout()) || undefined);
    return started;
  });
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

for (const library of ['ioredis', 'redis']) {
  test(`JSON documents are hits and misses like other keys, each under its own name (${library})`, async () => {
    const service = await startProgram('redis-commands.cjs', { args: [library], env: { REDIS_URL: url } });
    try {
      const { result, hits, misses } = await takeStep(service, 'readJson');
      assert.deepEqual(result, ['{}', null, ['{}', null, null]]);
      assert.deepEqual(hits, { 'doc JSON.GET': 1, 'doc JSON.MGET': 1 });
      assert.deepEqual(misses, { 'doc JSON.GET': 1, 'doc JSON.MGET': 1, 'paper JSON.MGET': 1 });
    } finally {
      await service.stop();
    }
  });
}
