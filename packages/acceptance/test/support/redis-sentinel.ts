import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePort, startProcess, startRedis, waitForOutput } from '@payments/local-stack';

/** The name by which the sentinel knows the master. */
export const MASTER = 'mymaster';

/** Starts a Redis and a sentinel that watches it, on the loopback. */
export async function startRedisWithSentinel() {
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-redis-sentinel-'));
  const master = await startRedis({ dataDir: join(folder, 'master'), throwAway: true });
  const masterPort = Number(new URL(master.url).port);
  const { sentinel, sentinelPort } = await onFreePort(async (port) => {
    const file = join(folder, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 1`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const started = await startProcess('redis-server', [file, '--sentinel'], { cwd: folder });
    await waitForOutput(started, 'the sentinel', () => /\+monitor master/.test(started.stdout()) || undefined);
    return { sentinel: started, sentinelPort: port };
  });
  return {
    masterPort,
    sentinelPort,
    async stop() {
      await sentinel.stop();
      await master.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
