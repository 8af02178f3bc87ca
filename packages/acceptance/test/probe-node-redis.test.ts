import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEachRedis, operationsOf } from './support/each-redis.ts';
import { increase, MetricsPage } from './support/metrics-page.ts';
import { startProgram } from './support/program.ts';
import { assertEndsAlike, defineTestsOfEveryClient, operationsByDatabase } from './support/redis-client-tests.ts';

describeEachRedis('redis', 'node-redis.cjs', {}, (redis) => {
  const isVersion4 = redis.libraries === 'oldest';

  defineTestsOfEveryClient(redis);

  test('commands that waited for the connection are counted once', async () => {
    const { result, operations } = await redis.take('offlineQueue');
    assert.deepEqual(result, ['OK', 2, '2', 'ready']);
    assert.deepEqual(operations, { 'SET –': 1, 'INCR –': 1, 'GET –': 1, 'QUIT –': 1 });
  });

  test('commands that are pipelined are counted one by one, each with its outcome', async () => {
    const { operations, hits, misses } = await redis.take('pipeline');
    assert.deepEqual(operations, { 'SET –': 1, 'GET –': 2, 'INCR ERR': 1 });
    assert.deepEqual([hits, misses], [{ 'page GET': 1 }, { 'page GET': 1 }]);
    const batch = await redis.take('batch');
    assert.deepEqual(batch.operations, { 'SET –': 2, 'GET –': 2 });
    assert.deepEqual([batch.hits, batch.misses], [{ 'page GET': 1 }, { 'page GET': 1 }]);
  });

  test('a transaction counts hits and misses by what EXEC brings, never by QUEUED', async () => {
    const { result, operations, hits, misses } = await redis.take('multi');
    assert.deepEqual(result, ['x', null, ['y', null], 'OK']);
    assert.deepEqual(operations, { 'MSET –': 1, 'MULTI –': 1, 'GET –': 2, 'MGET –': 1, 'SET –': 1, 'EXEC –': 1 });
    assert.deepEqual(
      [hits, misses],
      [
        { 'cart GET': 1, 'cart MGET': 1 },
        { 'cart GET': 1, 'cart MGET': 1 },
      ],
    );
  });

  test('after a transaction that came to nothing, reads are counted again', async () => {
    const aborted = await redis.take('multiAborted');
    assert.match(aborted.result[0].message, /EXECABORT|NOSUCH/);
    assert.deepEqual([aborted.hits, aborted.misses], [{ 'cart GET': 1 }, {}]);
    assert.deepEqual(aborted.operations, {
      ...{ 'MULTI –': 1, 'GET –': 2, 'NOSUCH ERR': 1, 'EXEC EXECABORT': 1 },
    });
    const watched = await redis.take('multiWatched');
    assert.match(watched.result[0], /watched keys/);
    assert.deepEqual([watched.hits, watched.misses], [{ 'cart GET': 1 }, {}]);
  });

  test('a script is counted under the name it was sent by, and once more when the server does not know it', async () => {
    const { result, operations } = await redis.take('scripts');
    assert.deepEqual(result, [42, 42, 42]);
    assert.deepEqual(operations, { 'SET –': 1, 'EVALSHA NOSCRIPT': 2, 'EVAL –': 2, 'EVALSHA –': 1, 'SCRIPT –': 1 });
  });

  test('buffers, raw commands and the interface with callbacks are counted alike', async () => {
    const { result, operations, hits, misses } = await redis.take('forms');
    assert.deepEqual(result, ['9', null, '9']);
    assert.deepEqual(operations, { 'SET –': 1, 'GET –': 3 });
    assert.deepEqual([hits, misses], [{ 'shop GET': 2 }, { 'shop GET': 1 }]);
  });

  if (!isVersion4) {
    test('the replies of RESP3, in any form, tell hits and misses', async () => {
      const { result, hits, misses } = await redis.take('resp3');
      assert.deepEqual(result, [{ f: '1' }, {}, null]);
      assert.deepEqual([hits, misses], [{ 'r HGETALL': 2 }, { 'r HGETALL': 1, 'r GET': 1 }]);
    });

    test('a read that the client-side cache answers is a hit or a miss, and no operation', async () => {
      const { result, operations, hits, misses } = await redis.take('clientSideCache');
      assert.deepEqual(result, ['x', 'x', 'x', null, null]);
      assert.deepEqual(operations, { 'SET –': 1, 'GET –': 2 });
      assert.deepEqual([hits, misses], [{ 'local GET': 3 }, { 'local GET': 2 }]);
    });
  }

  if (redis.libraries !== 'oldest') {
    test('the commands of a pool of clients are counted once each', async () => {
      const { operations, hits, misses } = await redis.take('pool');
      assert.deepEqual(operations, { 'SET –': 1, 'GET –': 5, 'HGET WRONGTYPE': 1, 'MULTI –': 1, 'EXEC –': 1 });
      assert.deepEqual([hits, misses], [{ 'pool GET': 3 }, { 'pool GET': 2 }]);
    });
  }

  test('an operation belongs to the database that it went to', async () => {
    const before = await operationsByDatabase(redis);
    await redis.take('database');
    assert.deepEqual(increase(before, await operationsByDatabase(redis)), {
      ...{ '3 SET': 1, '3 SELECT': 1, '5 GET': 2, '5 MULTI': 1, '5 SELECT': 1, '5 EXEC': 1, '6 GET': 1 },
    });
  });

  test('a connection that is lost is counted when it is there again, and what it sets up then is none of the service', async () => {
    const { operations } = await redis.take('reconnect');
    assert.deepEqual(operations, { 'SELECT –': 1, 'CLIENT –': 2, 'INCR –': 1 });
    assert.equal((await redis.service.scrape()).value('redis_client_reconnections_total'), 1);
  });

  test('subscriptions are counted, messages and what is subscribed again are not', async () => {
    assert.deepEqual((await redis.take('subscribe')).operations, {
      ...{ 'SUBSCRIBE –': 1, 'PSUBSCRIBE –': 1, 'PUBLISH –': 1, 'CLIENT –': 2, 'UNSUBSCRIBE –': 1 },
    });
  });

  test('a command that the service takes back is an error, once', async () => {
    const { result, operations } = await redis.take('given');
    assert.equal(result, 'The command was aborted');
    assert.deepEqual(operations, { 'GET aborted': 1 });
  });

  test('a command that the client refuses is an error', async () => {
    const ended = await redis.take('ended');
    assert.equal(ended.result.message, 'The client is closed');
    assert.deepEqual(ended.operations, { 'QUIT –': 1, 'GET connection_closed': 1 });
    const offline = await redis.take('offline');
    assert.equal(offline.result.message, 'The client is offline');
    assert.deepEqual(offline.operations, { 'CLIENT –': 2, 'GET connection_closed': 1 });
  });

  test('hits and misses are those of a scripted run, to the unit', async () => {
    assert.deepEqual((await redis.take('fill')).hits, {});
    const { hits, misses } = await redis.take('read');
    assert.deepEqual(hits, {
      ...{ 'u GET': 1, 'u MGET': 2, 'o MGET': 1, 'u GETEX': 1, 'gone GETDEL': 1, 'h HGET': 1, 'h HMGET': 2 },
      ...{ 'h HGETALL': 1, 'u EXISTS': 3, 'o EXISTS': 1, 's SMISMEMBER': 2, 's SMEMBERS': 1, 'h HEXISTS': 1 },
    });
    assert.deepEqual(misses, {
      ...{ 'u GET': 1, 'default GET': 1, 'u MGET': 1, 'p MGET': 1, 'u GETEX': 1, 'gone GETDEL': 1, 'h HGET': 1 },
      ...{ 'h HMGET': 1, 'h HGETALL': 1, 'u EXISTS': 1, 's SMISMEMBER': 1, 's SISMEMBER': 1 },
    });
  });

  if (redis.libraries === 'current') {
    test('a service that has node-redis measure itself has each command on the page once', async () => {
      const env = { REDIS_URL: redis.server.url };
      const service = await startProgram('node-redis-own-metrics.cjs', { env });
      try {
        await service.step('read');
        // With the library's own metrics beside it, which are documented by the library.
        const page = new MetricsPage(await (await fetch(await service.metricsUrl())).text());
        assert.deepEqual(operationsOf(page), { 'GET –': 5 });
      } finally {
        await service.stop();
      }
    });
  }

  for (const way of ['method', 'raw']) {
    test(`a rejection that nobody handles ends the service as it does without the agent (${way})`, () =>
      assertEndsAlike('node-redis-unhandled.cjs', redis, [way]));
  }
});
