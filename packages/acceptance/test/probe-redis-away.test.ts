import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REDIS_LIBRARIES, SETS } from './support/each-redis.ts';
import { ownRedis } from './support/own-redis.ts';
import { startProgram } from './support/program.ts';
import { until } from './support/until.ts';

for (const library of ['ioredis', 'redis'] as const) {
  for (const libraries of SETS) {
    describe(REDIS_LIBRARIES[library][libraries], () => {
      test('while Redis is away there is no connection, and then there is one again', async () => {
        const redis = await ownRedis();
        const env = { REDIS_URL: redis.url, LIBRARIES: libraries };
        const service = await startProgram('redis-commands.cjs', { args: [library], env });
        const connections = async () => (await service.scrape()).value('redis_client_connections');
        const reconnections = async () => (await service.scrape()).value('redis_client_reconnections_total');
        try {
          await service.step('ping');
          assert.deepEqual([await connections(), await reconnections()], [1, 0]);
          await redis.stop();
          await until('the connection is lost', async () => (await connections()) === 0);
          await redis.startAgain();
          await until('the connection is there again', async () => (await connections()) === 1);
          await until('that is counted', async () => (await reconnections()) === 1);
        } finally {
          await service.stop();
          await redis.stop();
        }
      });
    });
  }
}
