import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis } from '@payments/local-stack';

/** A Redis that a test may take away from a service and bring back under the same URL. Stop it at the end. */
export async function ownRedis() {
  const dataDir = mkdtempSync(join(tmpdir(), 'acceptance-redis-'));
  const port = await freePort();
  const start = () => startRedis({ dataDir, port, throwAway: true });
  let server = await start();
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
    async startAgain() {
      server = await start();
    },
  };
}
