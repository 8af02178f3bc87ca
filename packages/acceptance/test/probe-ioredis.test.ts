import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Redis, startRedis } from '@payments/local-stack';
import { increase, type MetricsPage } from './support/metrics-page.ts';
import { type Program, runProgram, startProgram, withoutAgentLines } from './support/program.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'acceptance-probe-redis-'));
let server: Redis;
let service: Program;

before(async () => {
  server = await startRedis({ dataDir, throwAway: true });
  service = await startProgram('redis.cjs', { env: { REDIS_URL: server.url } });
});
after(async () => {
  await service?.stop();
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const operations = (page: MetricsPage) =>
  page.values('db_client_operation_duration_seconds_count', 'db_operation_name', 'error_type');
const hits = (page: MetricsPage) => page.values('cache_hits_total', 'cache_name', 'db_operation_name');
const misses = (page: MetricsPage) => page.values('cache_misses_total', 'cache_name', 'db_operation_name');

/** Takes a step: what it returned, and what it added to the page. */
async function take(step: string) {
  const before = await service.scrape();
  const result = await service.step(step);
  const page = await service.scrape();
  return {
    result,
    operations: increase(operations(before), operations(page)),
    hits: increase(hits(before), hits(page)),
    misses: increase(misses(before), misses(page)),
  };
}

test('what ioredis sends by itself to connect is not counted', async () => {
  assert.deepEqual(operations(await service.scrape()), {});
});

test('each command is counted under its name, and under the prefix of its error', async () => {
  const { result, operations } = await take('outcomes');
  assert.match(result[0].message, /^WRONGTYPE/);
  assert.deepEqual(operations, { 'SET –': 1, 'GET –': 1, 'HGET WRONGTYPE': 1, 'NOSUCH ERR': 1, 'EVAL MINE': 1 });
});

test('a series says the system, the database and where the server is', async () => {
  const page = await service.scrape();
  const { hostname, port } = new URL(server.url);
  const sample = page.samples('db_client_operation_duration_seconds_count')[0];
  assert.deepEqual(
    { ...sample?.labels, db_operation_name: '' },
    { db_system_name: 'redis', db_namespace: '0', db_operation_name: '', server_address: hostname, server_port: port },
  );
});

test('commands that waited for the connection are counted once', async () => {
  const { result, operations } = await take('offlineQueue');
  assert.deepEqual(result, ['OK', 2, '2']);
  assert.deepEqual(operations, { 'SET –': 1, 'INCR –': 1, 'GET –': 1, 'QUIT –': 1 });
});

test('a pipeline is counted by its commands, each with its outcome', async () => {
  const { operations, hits, misses } = await take('pipeline');
  assert.deepEqual(operations, { 'SET –': 2, 'GET –': 2, 'INCR ERR': 1 });
  assert.deepEqual([hits, misses], [{ 'page GET': 1 }, { 'page GET': 1 }]);
});

for (const [step, how] of [
  ['multi', 'in one go'],
  ['multiByHand', 'one by one'],
] as const) {
  test(`a transaction that is sent ${how} counts hits and misses by what EXEC brings, never by QUEUED`, async () => {
    const { result, hits, misses } = await take(step);
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
    const { hits, misses } = await take(step);
    assert.deepEqual([hits, misses], [{ 'cart GET': 1 }, {}]);
  });
}

test('a script is counted as EVAL or EVALSHA, once more when the server has lost it', async () => {
  const { result, operations } = await take('scripts');
  assert.deepEqual(result, [42, 42, 42]);
  assert.deepEqual(operations, { 'SET –': 1, 'EVAL –': 2, 'EVALSHA –': 1, 'EVALSHA NOSCRIPT': 1, 'SCRIPT –': 1 });
});

test('keys with a prefix, keys and values as buffers, and callbacks are counted alike', async () => {
  const { result, operations, hits, misses } = await take('forms');
  assert.deepEqual(result, ['9', '9', null]);
  assert.deepEqual(operations, { 'SET –': 1, 'GET –': 3, 'QUIT –': 1 });
  assert.deepEqual([hits, misses], [{ 'shop GET': 2 }, { 'shop GET': 1 }]);
});

test('a command whose connection goes is an error, once', async () => {
  const { operations } = await take('cut');
  assert.deepEqual(operations, { 'CLIENT –': 2, 'BLPOP connection_closed': 1 });
});

test('a command that timed out is counted once, though its reply still comes', async () => {
  const { result, operations } = await take('timeout');
  assert.equal(result.message, 'Command timed out');
  assert.deepEqual(operations, { 'BLPOP timeout': 1, 'RPUSH –': 1, 'PING –': 1 });
});

test('a command on a client that has been closed is an error', async () => {
  const { operations } = await take('ended');
  assert.deepEqual(operations, { 'QUIT –': 1, 'GET connection_closed': 1 });
});

test('hits and misses are those of a scripted run, to the unit', async () => {
  assert.deepEqual((await take('fill')).hits, {});
  const { hits, misses } = await take('read');
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

test('a thousand prefixes of keys are a hundred names at the most, and the rest is counted together', async () => {
  const { misses: added } = await take('prefixes');
  assert.equal(
    Object.values(added).reduce((sum, value) => sum + value),
    1000,
  );
  const page = await service.scrape();
  const names = new Set(page.samples('cache_misses_total').map(({ labels }) => labels.cache_name));
  assert.ok(names.size <= 101 && names.size > 50, `${names.size} names`);
  assert.ok((page.values('cache_misses_total', 'otel_metric_overflow').true ?? 0) > 900);
});

test('a rejection that nobody handles ends the service as it does without the agent', async () => {
  const env = { REDIS_URL: server.url };
  const bare = await runProgram('redis-unhandled.cjs', { nodeArguments: [], env });
  assert.equal(bare.code, 1);
  assert.match(bare.stderr, /WRONGTYPE/);
  assert.deepEqual(withoutAgentLines(await runProgram('redis-unhandled.cjs', { env })), bare);
});

test('a subscriber of the channel of ioredis would silence that rejection, which is why the probe is none', async () => {
  const env = { REDIS_URL: server.url };
  const observed = await runProgram('redis-unhandled.cjs', { nodeArguments: [], args: ['with-subscriber'], env });
  assert.deepEqual([observed.code, observed.stderr], [0, '']);
});
