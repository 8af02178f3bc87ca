import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startRedis } from '@payments/local-stack';
import { Redis } from 'ioredis';
import { temporaryFolder } from './temporary-folder.ts';

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

test('data in Redis survives a restart', async (t) => {
  const dataDir = temporaryFolder();
  const first = await startRedis({ dataDir });
  await withClient(first.url, (client) => client.set('greeting', 'hello'));
  await first.stop();

  const second = await startRedis({ dataDir });
  t.after(() => second.stop());
  assert.equal(await withClient(second.url, (client) => client.get('greeting')), 'hello');
});

test('a Redis whose parent was killed is found by the next start', async (t) => {
  const dataDir = temporaryFolder();
  const script = `
    import { startRedis } from '@payments/local-stack';
    await startRedis({ dataDir: ${JSON.stringify(dataDir)} });
    process.kill(process.pid, 'SIGKILL');`;
  const killed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  await assert.rejects(killed, { signal: 'SIGKILL' });
  const leftOver = Number(readFileSync(join(dataDir, 'redis.pid'), 'utf8'));
  process.kill(leftOver, 0);

  const redis = await startRedis({ dataDir });
  t.after(() => redis.stop());
  assert.throws(() => process.kill(leftOver, 0), { code: 'ESRCH' });
});
