import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEachPg } from './support/each-pg.ts';
import { increase, type MetricsPage } from './support/metrics-page.ts';

const transactions = (page: MetricsPage) =>
  page.values('db_client_transaction_duration_seconds_count', 'db_transaction_outcome');

describeEachPg('pg-transactions.cjs', (pg) => {
  /** Takes a step: what it returned, and the transactions that it added to the page. */
  async function take(step: string) {
    const before = transactions(await pg.service.scrape());
    const result = await pg.service.step(step);
    return { result, ended: increase(before, transactions(await pg.service.scrape())) };
  }

  test('a transaction ends in a commit, whichever words are used', async () => {
    const { result, ended } = await take('committed');
    assert.deepEqual(result, ['BEGIN', 'SELECT', 'COMMIT', 'START', 'COMMIT']);
    assert.deepEqual(ended, { commit: 2 });
  });

  test('a series says the system, the database and where the server is', async () => {
    const [sample] = (await pg.service.scrape()).samples('db_client_transaction_duration_seconds_count');
    assert.deepEqual(sample?.labels, {
      db_system_name: 'postgresql',
      db_namespace: pg.libraries,
      server_address: '127.0.0.1',
      server_port: String(pg.server.port),
      db_transaction_outcome: 'commit',
    });
  });

  test('a transaction ends in a rollback', async () => {
    assert.deepEqual((await take('rolledBack')).ended, { rollback: 2 });
  });

  test('the COMMIT of a transaction in which a statement failed is a rollback', async () => {
    const { result, ended } = await take('failed');
    assert.deepEqual([result, ended], [['BEGIN', '22012', 'ROLLBACK'], { rollback: 1 }]);
  });

  test('a rollback to a savepoint does not end the transaction', async () => {
    const { result, ended } = await take('toASavepoint');
    assert.deepEqual(result, ['BEGIN', 'SAVEPOINT', '22012', 'ROLLBACK', 'COMMIT']);
    assert.deepEqual(ended, { commit: 1 });
  });

  test('a COMMIT that fails is a rollback', async () => {
    const { result, ended } = await take('commitThatFails');
    assert.deepEqual(result.slice(1), ['BEGIN', 'INSERT', '23505', 'SELECT']);
    assert.deepEqual(ended, { rollback: 1 });
  });

  test('a script that opens a transaction opens one, and one that also ends it is a query like others', async () => {
    const { result, ended } = await take('inOneQuery');
    assert.deepEqual([result, ended], [[3, 2, 'COMMIT'], { commit: 1 }]);
  });

  test('without a transaction there is none', async () => {
    const { result, ended } = await take('none');
    assert.deepEqual([result, ended], [['SELECT', '22012', 'ROLLBACK', 'COMMIT'], {}]);
  });

  test('a transaction ends with its connection', async () => {
    assert.deepEqual((await take('opened')).ended, {});
    assert.deepEqual((await take('abandoned')).ended, { rollback: 1 });
    assert.deepEqual((await take('killed')).ended, { rollback: 1 });
  });

  test('connections that are used again count each of their transactions', async () => {
    assert.deepEqual((await take('pooled')).ended, { commit: 15, rollback: 5 });
  });
});
