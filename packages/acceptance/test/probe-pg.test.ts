import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { describeEachPg } from './support/each-pg.ts';
import { type Ended, runProgram, withoutAgentLines } from './support/program.ts';
import { until } from './support/until.ts';

describeEachPg('pg.cjs', (pg) => {
  test('a query is counted once, whichever way it is asked', async () => {
    const { result, operations } = await pg.take('ways');
    assert.deepEqual(result, [1, 1, [[1]], 1, 1, [{ n: 1 }], [{ n: 2 }], 'ended', 3, null]);
    assert.deepEqual(operations, { 'SELECT –': 9, '_OTHER –': 1 });
  });

  test('a series says the system, the database and where the server is', async () => {
    const page = await pg.service.scrape();
    const sample = page.samples('db_client_operation_duration_seconds_count')[0];
    assert.deepEqual(sample?.labels, {
      db_system_name: 'postgresql',
      db_namespace: pg.libraries,
      db_operation_name: 'SELECT',
      server_address: '127.0.0.1',
      server_port: String(pg.server.port),
    });
  });

  test('the operation is the first word of the statement', async () => {
    assert.deepEqual((await pg.take('transaction')).operations, {
      ...{ 'BEGIN –': 1, 'CREATE –': 1, 'INSERT –': 1, 'UPDATE –': 1, 'DELETE –': 1 },
      ...{ 'SELECT –': 1, 'WITH –': 1, 'ROLLBACK –': 1 },
    });
  });

  test('a query that fails says its SQLSTATE, or what kind of error kept it from the server', async () => {
    assert.deepEqual((await pg.take('errors')).operations, {
      'SELECT 22012': 1,
      '_OTHER 42601': 1,
      'CREATE 23505': 1,
      '– Error': 1,
      'SELECT RangeError': 1,
      'SELECT –': 1,
    });
    assert.deepEqual((await pg.take('valueThatThrows')).operations, { 'SELECT TypeError': 1 });
  });

  test('a connection that the server ends, or that is cut, costs one error a query', async () => {
    const killed = await pg.take('killed');
    assert.equal(killed.result[0].code, '57P01');
    assert.deepEqual(killed.operations, { 'SELECT –': 1, 'SELECT 57P01': 1, 'SELECT connection_closed': 1 });
    assert.deepEqual((await pg.take('cut')).operations, { 'SELECT connection_closed': 1 });
  });

  test('timeouts of the server and of pg are told, and the late answer is not counted again', async () => {
    assert.deepEqual((await pg.take('statementTimeout')).operations, { 'SELECT 57014': 1 });
    const { result, operations } = await pg.take('queryTimeout');
    assert.equal(result.message, 'Query read timeout');
    assert.deepEqual(operations, { 'SELECT timeout': 1, 'SELECT –': 1 });
  });

  test('a server that dies in the middle of a query costs one error', async () => {
    const { result, operations } = await pg.take('crashed');
    assert.deepEqual(operations, { [`SELECT ${result.code ?? 'connection_closed'}`]: 1 }, JSON.stringify(result));
    // It comes up again by itself.
    await until('an answer of the server', () =>
      pg.service.step('ways').then(
        () => true,
        () => false,
      ),
    );
  });

  describe('with and without the agent', () => {
    let env: Record<string, string>;
    before(() => {
      env = { DATABASE_URL: pg.server.url(pg.libraries), LIBRARIES: pg.libraries };
    });
    for (const way of ['query', 'connect', 'end', 'caught', 'throw', 'throwAfterAnError']) {
      test(`a program ends alike: ${way}`, async () => {
        const run = (...agent: string[]) =>
          runProgram('pg-unhandled.cjs', { nodeArguments: ['--stack-trace-limit=50', ...agent], args: [way], env });
        const bare = await run();
        assert.equal(bare.code, way === 'caught' ? 0 : 1, bare.stderr);
        // The agent's functions are seen to have called pg's; which of Node's queues a promise goes on from is a matter of time.
        const comparable = ({ stderr, ...rest }: Ended) => ({
          ...rest,
          stderr: stderr.replace(/^ +at .*(?:agent\.cjs|process\.processTicksAndRejections).*\n/gm, ''),
        });
        assert.deepEqual(comparable(withoutAgentLines(await run('-r', './otel/register'))), comparable(bare));
      });
    }
  });
});
