import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEachRedis } from './support/each-redis.ts';
import { increase } from './support/metrics-page.ts';
import { runProgram } from './support/program.ts';
import { assertEndsAlike, defineTestsOfEveryClient, operationsByDatabase } from './support/redis-client-tests.ts';

const env = { OTEL_CACHE_NAME_PATTERNS: 'session:*=sessions,user:*:profile=profiles' };

describeEachRedis('ioredis', 'ioredis.cjs', env, (redis) => {
  defineTestsOfEveryClient(redis);

  test('commands that waited for the connection are counted once', async () => {
    const { result, operations } = await redis.take('offlineQueue');
    assert.deepEqual(result, ['OK', 2, '2']);
    assert.deepEqual(operations, { 'SET –': 1, 'INCR –': 1, 'GET –': 1, 'QUIT –': 1 });
  });

  test('a command that was answered holds nothing of the agent any more', async () => {
    const { result } = await redis.take('answered');
    assert.deepEqual(result, [['Symbol(otel-register.sent)', 'undefined']]);
  });

  test('a pipeline is counted by its commands, each with its outcome', async () => {
    const { operations, hits, misses } = await redis.take('pipeline');
    assert.deepEqual(operations, { 'SET –': 2, 'GET –': 2, 'INCR ERR': 1 });
    assert.deepEqual([hits, misses], [{ 'page GET': 1 }, { 'page GET': 1 }]);
  });

  for (const [step, how] of [
    ['multi', 'in one go'],
    ['multiByHand', 'one by one'],
  ] as const) {
    test(`a transaction that is sent ${how} counts hits and misses by what EXEC brings, never by QUEUED`, async () => {
      const { result, hits, misses } = await redis.take(step);
      if (step === 'multi') {
        assert.deepEqual(
          [result[0], result[1], result[3]],
          [
            [null, 'x'],
            [null, null],
            [null, ['y', null]],
          ],
        );
        assert.deepEqual(
          [hits, misses],
          [
            { 'cart GET': 1, 'cart MGET': 1 },
            { 'cart GET': 1, 'cart MGET': 1 },
          ],
        );
      } else {
        assert.deepEqual([hits, misses], [{ 'cart GET': 1 }, { 'cart GET': 1 }]);
      }
    });
  }

  for (const step of ['multiDiscarded', 'multiAborted', 'multiCut']) {
    test(`after a transaction that came to nothing, reads are counted again (${step})`, async () => {
      const { hits, misses } = await redis.take(step);
      assert.deepEqual([hits, misses], [{ 'cart GET': 1 }, {}]);
    });
  }

  test('a script is counted as EVAL or EVALSHA, once more when the server has lost it', async () => {
    const { result, operations } = await redis.take('scripts');
    assert.deepEqual(result, [42, 42, 42]);
    // ioredis 4 asks for the script before it has sent it.
    const unknown = redis.libraries === 'oldest' ? 2 : 1;
    assert.deepEqual(operations, {
      'SET –': 1,
      'EVAL –': 2,
      'EVALSHA –': 1,
      'EVALSHA NOSCRIPT': unknown,
      'SCRIPT –': 1,
    });
  });

  test('keys with a prefix, keys and values as buffers, and callbacks are counted alike', async () => {
    const { result, operations, hits, misses } = await redis.take('forms');
    assert.deepEqual(result, ['9', '9', null]);
    assert.deepEqual(operations, { 'SET –': 1, 'GET –': 3, 'QUIT –': 1 });
    assert.deepEqual([hits, misses], [{ 'shop GET': 2 }, { 'shop GET': 1 }]);
  });

  if (redis.libraries === 'current') {
    test('the replies of RESP3 tell hits and misses', async () => {
      const { hits, misses } = await redis.take('resp3');
      assert.deepEqual(hits, { 'r HGETALL': 2, 't SMEMBERS': 1 });
      assert.deepEqual(misses, { 'r HGETALL': 1, 'r GET': 2 });
    });
  }

  test('a command that is sent again on the next connection is counted once', async () => {
    const { result, operations } = await redis.take('resent');
    assert.deepEqual(result, ['again', 'x']);
    assert.deepEqual(operations, { 'CLIENT –': 2, 'BLPOP –': 1, 'RPUSH –': 1, 'QUIT –': 1 });
  });

  test('a command that timed out is counted once, though its reply still comes', async () => {
    const { result, operations } = await redis.take('timeout');
    assert.equal(result.message, 'Command timed out');
    assert.deepEqual(operations, { 'BLPOP timeout': 1, 'RPUSH –': 1, 'PING –': 1 });
  });

  test('a command on a client that has been closed is an error', async () => {
    const { operations } = await redis.take('ended');
    assert.deepEqual(operations, { 'QUIT –': 1, 'GET connection_closed': 1 });
  });

  test('hits and misses are those of a scripted run, to the unit', async () => {
    assert.deepEqual((await redis.take('fill')).hits, {});
    const { hits, misses } = await redis.take('read');
    assert.deepEqual(hits, {
      'u GET': 1,
      'u MGET': 2,
      'o MGET': 1,
      'u GETEX': 1,
      'gone GETDEL': 1,
      'h HGET': 1,
      'h HMGET': 2,
      'h HGETALL': 1,
      'u EXISTS': 2,
      's SMISMEMBER': 2,
    });
    assert.deepEqual(misses, {
      'u GET': 1,
      'default GET': 1,
      'u MGET': 1,
      'p MGET': 1,
      'u GETEX': 1,
      'gone GETDEL': 1,
      'h HGET': 1,
      'h HMGET': 1,
      'h HGETALL': 1,
      'u EXISTS': 1,
      's SMISMEMBER': 1,
      's SISMEMBER': 1,
    });
  });

  test('the keys of a cache are named by patterns, and else by their prefix', async () => {
    const { hits, misses } = await redis.take('named');
    assert.deepEqual(hits, { 'sessions MGET': 1, 'profiles MGET': 1, 'user MGET': 1 });
    assert.deepEqual(misses, { 'sessions MGET': 1, 'user MGET': 1, 'profiles GET': 1, 'default GET': 1 });
  });

  test('an operation belongs to the database that it went to', async () => {
    const before = await operationsByDatabase(redis);
    assert.deepEqual((await redis.take('database')).result, ['OK', 'OK', null]);
    assert.deepEqual(increase(before, await operationsByDatabase(redis)), {
      '3 SET': 1,
      '3 SELECT': 1,
      '5 GET': 1,
      '5 QUIT': 1,
    });
  });

  test('a connection that is lost is counted when it is there again, and what it sets up then is none of the service', async () => {
    const { hostname, port } = new URL(redis.server.url);
    const reconnections = async () =>
      (await redis.service.scrape()).values('redis_client_reconnections_total', 'server_address', 'server_port');
    const before = await reconnections();
    const { operations } = await redis.take('reconnect');
    assert.deepEqual(operations, { 'SELECT –': 1, 'CLIENT –': 2, 'INCR –': 1 });
    assert.deepEqual(increase(before, await reconnections()), { [`${hostname} ${port}`]: 1 });
  });

  test('subscriptions are counted, messages are not', async () => {
    assert.deepEqual((await redis.take('subscribe')).operations, {
      'SUBSCRIBE –': 1,
      'PUBLISH –': 1,
      'UNSUBSCRIBE –': 1,
      'QUIT –': 1,
    });
  });

  test('commands that are pipelined by themselves are counted one by one', async () => {
    const { operations, hits, misses } = await redis.take('autoPipelining');
    assert.deepEqual(operations, { 'SET –': 1, 'GET –': 2, 'LPOP WRONGTYPE': 1, 'QUIT –': 1 });
    assert.deepEqual([hits, misses], [{ 'auto GET': 1 }, { 'auto GET': 1 }]);
  });

  test('a rejection that nobody handles ends the service as it does without the agent', () =>
    assertEndsAlike('ioredis-unhandled.cjs', redis));

  if (redis.libraries === 'current')
    test('a subscriber of the channel of ioredis would silence that rejection, which is why the probe is none', async () => {
      const env = { REDIS_URL: redis.server.url, LIBRARIES: redis.libraries };
      const observed = await runProgram('ioredis-unhandled.cjs', {
        nodeArguments: [],
        args: ['with-subscriber'],
        env,
      });
      assert.deepEqual([observed.code, observed.stderr], [0, '']);
    });

  test('a thousand prefixes of keys are a hundred names at the most beside those of patterns, and the rest is counted together', async () => {
    const { misses: added } = await redis.take('prefixes');
    assert.equal(
      Object.values(added).reduce((sum, value) => sum + value),
      1000,
    );
    const page = await redis.service.scrape();
    const names = new Set(page.samples('cache_misses_total').map(({ labels }) => labels.cache_name));
    assert.ok(names.size <= 103 && names.size > 50, `${names.size} names`);
    assert.ok((page.values('cache_misses_total', 'otel_metric_overflow').true ?? 0) > 900);
  });
});
