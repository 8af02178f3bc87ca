import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Postgres, startPostgres } from '@payments/local-stack';
import { takeStep } from './support/each-pg.ts';
import { whyNoPgNative } from './support/pg-native.ts';
import { type Program, startProgram } from './support/program.ts';

const skip = await whyNoPgNative();

describe('pg over libpq', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-probe-pg-native-'));
  let server: Postgres;
  let service: Program;
  before(async () => {
    server = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true });
    const env = { DATABASE_URL: server.url('postgres'), LIBRARIES: 'native' };
    service = await startProgram('pg-native.cjs', { env });
  });
  after(async () => {
    await service?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a query is counted once, whichever way it is asked', async () => {
    const { result, operations } = await takeStep(service, 'ways');
    assert.deepEqual(result, [1, 1, 1, 'ended', 1, 1, 2]);
    assert.deepEqual(operations, { 'SELECT –': 8 });
  });

  test('a series says the system, the database and where the server is', async () => {
    const [sample] = (await service.scrape()).samples('db_client_operation_duration_seconds_count');
    assert.deepEqual(sample?.labels, {
      db_system_name: 'postgresql',
      db_namespace: 'postgres',
      db_operation_name: 'SELECT',
      server_address: '127.0.0.1',
      server_port: String(server.port),
    });
  });

  test('a query that fails says its SQLSTATE, or what kind of error it was', async () => {
    const { result, operations } = await takeStep(service, 'errors');
    assert.deepEqual([result[0].code, result[1].code], ['22012', '42601']);
    assert.deepEqual(operations, { 'SELECT 22012': 1, '_OTHER 42601': 1, 'SELECT Error': 1, 'SELECT timeout': 1 });
  });

  test('a connection that the server ends costs one error', async () => {
    const { operations } = await takeStep(service, 'killed');
    const { 'SELECT –': others, 'DO –': waited, ...failed } = operations;
    assert.deepEqual([others, waited], [2, 1]);
    assert.equal(
      Object.values(failed).reduce((sum, count) => sum + count, 0),
      1,
    );
  });

  test('pipelined queries count once each, with their own outcomes', async () => {
    const { result, operations } = await takeStep(service, 'pipelined');
    assert.deepEqual([result[0], result[3]], [{ value: 1 }, { value: 1 }]);
    assert.deepEqual(operations, { 'SELECT –': 2, 'SELECT 22012': 1, 'INSERT 42P01': 1 });
  });

  test('a pool is on the page', async () => {
    const { result } = await takeStep(service, 'pool');
    const page = await service.scrape();
    const [total, idle] = result;
    assert.deepEqual(page.values('db_client_connection_count', 'db_client_connection_state'), {
      idle,
      used: total - idle,
    });
    assert.equal(page.value('db_client_connection_pending_requests'), 0);
  });
});
