import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { REDIS_LIBRARIES, SETS, takeStep } from './support/each-redis.ts';
import { increase } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { type RedisCluster, startRedisCluster } from './support/redis-cluster.ts';

let cluster: RedisCluster;
before(async () => {
  cluster = await startRedisCluster();
});
after(() => cluster?.stop());

for (const library of ['ioredis', 'redis'] as const) {
  for (const libraries of SETS) {
    describe(REDIS_LIBRARIES[library][libraries], () => {
      let service: Program;
      before(async () => {
        service = await startProgram('redis-cluster.cjs', {
          args: [library],
          env: { REDIS_PORTS: cluster.ports.join(), LIBRARIES: libraries },
        });
        // Asks for its slots before any of them moves.
        await service.step('usual');
      });
      after(() => service?.stop());

      const byServer = async () =>
        (await service.scrape()).values(
          'db_client_operation_duration_seconds_count',
          'db_operation_name',
          'server_port',
        );

      /** Takes a step in which one server sends something to another. */
      async function takeRedirected(step: string, from: number) {
        const redirections = await cluster.redirections(from);
        const before = await byServer();
        const taken = await takeStep(service, step);
        assert.ok((await cluster.redirections(from)) > redirections, 'nothing was sent elsewhere');
        return { ...taken, servers: increase(before, await byServer()) };
      }

      test('a command is counted once, under the server that answered it, and not what finds the server', async () => {
        const { port } = await cluster.ownerOf('usual:1');
        const before = await byServer();
        const { operations } = await takeStep(service, 'usual');
        assert.deepEqual(operations, { 'SET –': 1, 'GET –': 1, 'LPOP WRONGTYPE': 1 });
        assert.deepEqual(increase(before, await byServer()), {
          ...{ [`SET ${port}`]: 1, [`GET ${port}`]: 1, [`LPOP ${port}`]: 1 },
        });
      });

      test('a transaction goes to one server, and counts by what EXEC brings', async () => {
        const { operations, hits, misses } = await takeStep(service, 'transaction');
        assert.deepEqual(operations, { 'MULTI –': 1, 'SET –': 1, 'GET –': 1, 'EXEC –': 1 });
        assert.deepEqual([hits, misses], [{ 'transaction GET': 1 }, {}]);
      });

      test('a command that a server sends to another one is counted once, under that one', async () => {
        const { from, to } = await cluster.move('moved:1');
        const { operations, misses, servers } = await takeRedirected('moved', from);
        assert.deepEqual([operations, misses], [{ 'GET –': 1 }, { 'moved GET': 1 }]);
        assert.deepEqual(servers, { [`GET ${to}`]: 1 });
      });

      test('and so is a command that is to be asked for elsewhere while a slot moves', async () => {
        const { from, to, end } = await cluster.beginToMove('asked:1');
        const { operations, misses, servers } = await takeRedirected('asked', from);
        await end();
        assert.deepEqual([operations, misses], [{ 'GET –': 1 }, { 'asked GET': 1 }]);
        assert.deepEqual(servers, { [`GET ${to}`]: 1 });
      });

      test('the commands of a pipeline that is sent elsewhere are counted once each', async () => {
        const moved = await takeRedirected('movedInPipeline', (await cluster.move('moved:2')).from);
        assert.deepEqual([moved.operations, moved.misses], [{ 'GET –': 2 }, { 'moved GET': 2 }]);
        const { from, end } = await cluster.beginToMove('asked:2');
        const asked = await takeRedirected('askedInPipeline', from);
        await end();
        assert.deepEqual([asked.operations, asked.misses], [{ 'GET –': 2 }, { 'asked GET': 2 }]);
      });

      if (library === 'ioredis') {
        test('and so are those of a transaction', async () => {
          const { from } = await cluster.move('moved:3');
          const { operations, hits } = await takeRedirected('movedInTransaction', from);
          assert.deepEqual(operations, { 'MULTI –': 1, 'SET –': 1, 'GET –': 1, 'EXEC –': 1 });
          assert.deepEqual(hits, { 'moved GET': 1 });
        });
      }

      test('connections to each server are counted', async () => {
        const ports = Object.keys((await service.scrape()).values('redis_client_connections', 'server_port'));
        assert.ok(ports.length > 1 && ports.every((port) => cluster.ports.includes(Number(port))), ports.join());
      });
    });
  }
}
