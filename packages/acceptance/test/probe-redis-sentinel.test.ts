import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Libraries, REDIS_LIBRARIES, takeStep } from './support/each-redis.ts';
import { type Program, startProgram } from './support/program.ts';
import { MASTER, startRedisWithSentinel } from './support/redis-sentinel.ts';

/** node-redis 4 knows no sentinels. */
const TESTED: ['ioredis' | 'redis', Libraries][] = [
  ['ioredis', 'current'],
  ['ioredis', 'between'],
  ['ioredis', 'boundary'],
  ['ioredis', 'oldest'],
  ['redis', 'current'],
  ['redis', 'between'],
  ['redis', 'boundary'],
];

let redis: Awaited<ReturnType<typeof startRedisWithSentinel>>;
before(async () => {
  redis = await startRedisWithSentinel();
});
after(() => redis?.stop());

for (const [library, libraries] of TESTED) {
  describe(REDIS_LIBRARIES[library][libraries], () => {
    let service: Program;
    before(async () => {
      const env = { SENTINEL_PORT: String(redis.sentinelPort), SENTINEL_MASTER: MASTER, LIBRARIES: libraries };
      service = await startProgram('redis-sentinel.cjs', { args: [library], env });
    });
    after(() => service?.stop());

    test('commands are counted, and not what is asked of the sentinel', async () => {
      const { operations, hits, misses } = await takeStep(service, 'usual');
      assert.deepEqual(operations, { 'SET –': 1, 'GET –': 2 });
      assert.deepEqual([hits, misses], [{ 'usual GET': 1 }, { 'usual GET': 1 }]);
      const page = await service.scrape();
      const all = page.values('db_client_operation_duration_seconds_count', 'db_operation_name');
      assert.deepEqual(Object.keys(all).sort(), ['GET', 'SET']);
    });

    test('the series of ioredis have no address, for another server may become the master; node-redis knows its servers', async () => {
      const page = await service.scrape();
      const servers = Object.keys(page.values('db_client_operation_duration_seconds_count', 'server_port'));
      assert.deepEqual(servers, [library === 'ioredis' ? '–' : String(redis.masterPort)]);
    });
  });
}
