import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operationsOf, type RedisUnderTest } from './each-redis.ts';
import { runProgram, withoutAgentLines } from './program.ts';
import { until } from './until.ts';

/** Defines what is alike for every client of Redis. To be called first: the first test wants a client that did nothing yet. */
export function defineTestsOfEveryClient(redis: RedisUnderTest): void {
  test('what the client sends by itself to connect is not counted', async () => {
    assert.deepEqual(operationsOf(await redis.service.scrape()), {});
  });

  test('each command is counted under its name, and under the prefix of its error', async () => {
    const { result, operations } = await redis.take('outcomes');
    assert.match(result[0].message, /^WRONGTYPE/);
    assert.deepEqual(operations, { 'SET –': 1, 'GET –': 1, 'HGET WRONGTYPE': 1, 'NOSUCH ERR': 1, 'EVAL MINE': 1 });
  });

  test('a series says the system, the database and where the server is', async () => {
    const page = await redis.service.scrape();
    const { hostname, port } = new URL(redis.server.url);
    const { db_operation_name: _, ...labels } =
      page.samples('db_client_operation_duration_seconds_count')[0]?.labels ?? {};
    assert.deepEqual(labels, {
      db_system_name: 'redis',
      db_namespace: '0',
      server_address: hostname,
      server_port: port,
    });
  });

  test('connections are counted while they are open', async () => {
    const connections = async () => (await redis.service.scrape()).value('redis_client_connections');
    assert.equal(await connections(), 1);
    await redis.take('open');
    assert.equal(await connections(), 3);
    await redis.take('close');
    await until('two connections are closed', async () => (await connections()) === 1);
  });

  test('blocking commands are counted', async () => {
    assert.deepEqual((await redis.take('blocking')).operations, { 'BLPOP –': 1, 'RPUSH –': 1, 'QUIT –': 1 });
  });

  test('a command whose connection goes is an error, once', async () => {
    const { operations } = await redis.take('cut');
    assert.deepEqual(operations, { 'CLIENT –': 2, 'BLPOP connection_closed': 1 });
  });
}

/** How many operations each database had: `3 SELECT`. */
export const operationsByDatabase = async (redis: RedisUnderTest) =>
  (await redis.service.scrape()).values(
    'db_client_operation_duration_seconds_count',
    'db_namespace',
    'db_operation_name',
  );

/** Compares how a program that leaves a rejection of a command unhandled ends with and without the agent. */
export async function assertEndsAlike(program: string, redis: RedisUnderTest, args: string[] = []): Promise<void> {
  const options = { args, env: { REDIS_URL: redis.server.url, LIBRARIES: redis.libraries } };
  const bare = await runProgram(program, { nodeArguments: [], ...options });
  assert.equal(bare.code, 1);
  assert.match(bare.stderr, /WRONGTYPE/);
  assert.deepEqual(withoutAgentLines(await runProgram(program, options)), bare);
}
