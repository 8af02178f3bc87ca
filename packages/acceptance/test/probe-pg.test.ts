import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Postgres, startPostgres } from '@payments/local-stack';
import { increase, type MetricsPage } from './support/metrics-page.ts';
import { type Program, runProgram, startProgram, withoutAgentLines } from './support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'acceptance-probe-pg-'));
let server: Postgres;
let service: Program;
let env: Record<string, string>;

before(async () => {
  server = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true });
  env = { DATABASE_URL: server.url('postgres') };
  service = await startProgram('pg.cjs', { env });
});
after(async () => {
  await service?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const pools = 'db_client_connection';
const operations = (page: MetricsPage) =>
  page.values('db_client_operation_duration_seconds_count', 'db_operation_name', 'error_type');
const waits = (page: MetricsPage) => page.values(`${pools}_wait_time_seconds_count`, `${pools}_pool_name`);
const timeouts = (page: MetricsPage) => page.values(`${pools}_timeouts_total`, `${pools}_pool_name`);

/** Takes a step: what it returned, and what it added to the page. */
async function take(step: string) {
  const before = await service.scrape();
  const result = await service.step(step);
  const page = await service.scrape();
  return {
    result,
    operations: increase(operations(before), operations(page)),
    waits: increase(waits(before), waits(page)),
    timeouts: increase(timeouts(before), timeouts(page)),
  };
}

test('a query is counted once, whichever way it is asked', async () => {
  const { result, operations } = await take('ways');
  assert.deepEqual(result, [1, 1, [[1]], 1, 1, [{ n: 1 }], [{ n: 2 }], 'ended', 3, null]);
  assert.deepEqual(operations, { 'SELECT –': 9, '_OTHER –': 1 });
});

test('a series says the system, the database and where the server is', async () => {
  const page = await service.scrape();
  const sample = page.samples('db_client_operation_duration_seconds_count')[0];
  assert.deepEqual(sample?.labels, {
    db_system_name: 'postgresql',
    db_namespace: 'postgres',
    db_operation_name: 'SELECT',
    server_address: '127.0.0.1',
    server_port: String(server.port),
  });
});

test('the operation is the first word of the statement', async () => {
  const { operations, waits } = await take('transaction');
  assert.deepEqual(operations, {
    ...{ 'BEGIN –': 1, 'CREATE –': 1, 'INSERT –': 1, 'UPDATE –': 1, 'DELETE –': 1 },
    ...{ 'SELECT –': 1, 'WITH –': 1, 'ROLLBACK –': 1 },
  });
  assert.deepEqual(Object.values(waits), [1]);
});

test('a query that fails says its SQLSTATE, or what kind of error kept it from the server', async () => {
  const { operations } = await take('errors');
  assert.deepEqual(operations, {
    'SELECT 22012': 1,
    '_OTHER 42601': 1,
    'CREATE 23505': 1,
    '– Error': 1,
    'SELECT TypeError': 1,
    'SELECT RangeError': 1,
    'SELECT –': 1,
  });
});

test('a connection that the server ends, or that is cut, costs one error a query', async () => {
  const killed = await take('killed');
  assert.equal(killed.result[0].code, '57P01');
  assert.deepEqual(killed.operations, { 'SELECT –': 1, 'SELECT 57P01': 1, 'SELECT connection_closed': 1 });
  assert.deepEqual((await take('cut')).operations, { 'SELECT connection_closed': 1 });
});

test('timeouts of the server and of pg are told, and the late answer is not counted again', async () => {
  assert.deepEqual((await take('statementTimeout')).operations, { 'SELECT 57014': 1 });
  const { result, operations } = await take('queryTimeout');
  assert.equal(result.message, 'Query read timeout');
  assert.deepEqual(operations, { 'SELECT timeout': 1, 'SELECT –': 1 });
});

test('the gauges of two pools on one database are those that the pools tell', async () => {
  await service.step('take');
  const expected: Record<string, number> = {};
  const name = `127.0.0.1:${server.port}/postgres`;
  const pending: Record<string, number> = {};
  for (const [i, { totalCount, idleCount, waitingCount }] of (await service.step('counts')).entries()) {
    const pool = i === 0 ? name : `${name}#2`;
    expected[`${pool} idle`] = idleCount;
    expected[`${pool} used`] = totalCount - idleCount;
    pending[pool] = waitingCount;
  }
  assert.deepEqual(pending, { [name]: 2, [`${name}#2`]: 0 });
  const page = await service.scrape();
  assert.deepEqual(page.values(`${pools}_count`, `${pools}_pool_name`, `${pools}_state`), expected);
  assert.deepEqual(page.values(`${pools}_pending_requests`, `${pools}_pool_name`), pending);
  assert.deepEqual(page.values(`${pools}_max`, `${pools}_pool_name`), { [name]: 5, [`${name}#2`]: 3 });

  await service.step('giveBack');
  const later = await service.scrape();
  assert.equal(later.values(`${pools}_count`, `${pools}_pool_name`, `${pools}_state`)[`${name} used`], 0);
  assert.equal(later.values(`${pools}_pending_requests`, `${pools}_pool_name`)[name], 0);
});

test('a burst of queries between two scrapes is seen in the time that they waited for a connection', async () => {
  const slower = (page: MetricsPage) =>
    page.values(`${pools}_wait_time_seconds_bucket`, `${pools}_pool_name`, 'le')[
      `127.0.0.1:${server.port}/postgres 0.0001`
    ] ?? 0;
  const before = slower(await service.scrape());
  const { waits, operations } = await take('burst');
  assert.deepEqual(Object.values(waits), [50]);
  assert.deepEqual(operations, { 'SELECT –': 50 });
  const fast = slower(await service.scrape()) - before;
  assert.ok(fast < 50, `${fast} of 50 waited for less than 0.1 ms`);
});

test('requests for a connection that the pool gave up are counted, also the very first one of a pool', async () => {
  const name = `127.0.0.1:${server.port}/postgres`;
  const { result, timeouts, waits } = await take('poolTimeouts');
  assert.match(result[2], /timeout exceeded when trying to connect/);
  assert.deepEqual([timeouts, waits], [{ [`${name}#3`]: 3 }, { [`${name}#3`]: 1 }]);

  const lost = await take('connectTimeout');
  const [, port] = lost.result;
  assert.deepEqual([lost.timeouts, lost.waits], [{ [`127.0.0.1:${port}/lost`]: 1 }, {}]);
});

test('a pool that has ended leaves the page', async () => {
  const { result } = await take('ended');
  assert.match(result.message, /after calling end/);
  const page = await service.scrape();
  assert.equal(Object.keys(page.values(`${pools}_max`, `${pools}_pool_name`)).length, 3);
});

test('rejections that nobody handles, errors and their stacks are those without the agent', async () => {
  for (const way of ['query', 'connect', 'end', 'caught']) {
    const bare = await runProgram('pg-unhandled.cjs', { nodeArguments: [], args: [way], env });
    assert.equal(bare.code, way === 'caught' ? 0 : 1, bare.stderr);
    const { stderr, ...rest } = withoutAgentLines(await runProgram('pg-unhandled.cjs', { args: [way], env }));
    // Where pg makes the error at once, the agent's function is seen to have called it.
    assert.deepEqual({ ...rest, stderr: stderr.replace(/^ +at .*agent\.cjs.*\n/gm, '') }, bare);
  }
});
