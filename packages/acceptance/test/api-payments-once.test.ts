import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import type pg from 'pg';
import { fieldsAtFault } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { Payer, refundsOf, statuses } from './support/payments-api.ts';
import { until } from './support/until.ts';

let backend: Backend;
let service: Service;
let database: pg.Pool;

before(async () => {
  backend = await startBackend();
  service = await backend.start('payments');
  database = backend.database('payments');
});
after(() => backend?.stop());

const newPayer = () => new Payer(() => service.url, backend.jwtSecret);
const order = { amount: 1000, currency: 'EUR', description: 'a bicycle bell' };

async function countOf(table: 'payments' | 'idempotency_keys', { id }: Payer): Promise<number> {
  const { rows } = await database.query(`SELECT count(*)::int AS count FROM ${table} WHERE user_id = $1`, [id]);
  return rows[0].count;
}

/** Ends the service as a crash does, and starts it again. */
async function crash(): Promise<void> {
  service.kill('SIGKILL');
  await service.exited;
  service = await backend.start('payments');
}

describe('the same idempotency key', () => {
  test('with the same body answers 200 with the same payment, and makes no second one', async () => {
    const payer = newPayer();
    const key = randomUUID();
    const first = await payer.post('/payments', order, key);
    const again = await payer.post('/payments', { ...order, capture: false }, key);
    assert.deepEqual([first.status, again.status], [201, 200]);
    assert.deepEqual(again.body, first.body);
    assert.equal(await countOf('payments', payer), 1);
  });

  test('with another body answers 422 naming the key, and makes no second payment', async () => {
    const payer = newPayer();
    const key = randomUUID();
    await payer.post('/payments', order, key);
    for (const other of [{ amount: 1001 }, { currency: 'USD' }, { description: 'x' }, { capture: true }]) {
      const answer = await payer.post('/payments', { ...order, ...other }, key);
      assert.equal(answer.status, 422);
      assert.deepEqual(fieldsAtFault(answer), ['Idempotency-Key']);
    }
    assert.equal(await countOf('payments', payer), 1);
  });

  test('of another user makes a payment of their own', async () => {
    const key = randomUUID();
    const [one, other] = [
      await newPayer().post('/payments', order, key),
      await newPayer().post('/payments', order, key),
    ];
    assert.deepEqual([one.status, other.status], [201, 201]);
    assert.notEqual(one.body.id, other.body.id);
  });

  test('sent 20 times at once makes one payment, and all 20 answers show it', async () => {
    const payer = newPayer();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => payer.post('/payments', order, key)));
    assert.deepEqual(statuses(answers), [...Array(19).fill(200), 201]);
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    assert.equal(await countOf('payments', payer), 1);
  });

  test('sent at once with 20 different bodies makes one payment, and the others answer 422', async () => {
    const payer = newPayer();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => payer.post('/payments', { ...order, amount: 1 + n }, key)),
    );
    assert.deepEqual(statuses(answers), [201, ...Array(19).fill(422)]);
    assert.equal(await countOf('payments', payer), 1);
  });

  test('is free again after a request that was refused', async () => {
    const payer = newPayer();
    const key = randomUUID();
    assert.equal((await payer.post('/payments', { ...order, amount: 0 }, key)).status, 422);
    assert.equal((await payer.post('/payments', order, key)).status, 201);
    const path = `/payments/${await payer.payment('authorized')}`;
    const refundKey = randomUUID();
    assert.equal((await payer.post(`${path}/refunds`, undefined, refundKey)).status, 409);
    await payer.post(`${path}/capture`);
    assert.equal((await payer.post(`${path}/refunds`, undefined, refundKey)).status, 201);
  });

  for (const [what, key] of [
    ['missing', undefined],
    ['empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a blank', 'two words'],
    ['with a letter beyond ASCII', 'schlüssel'],
  ]) {
    test(`${what} answers 400 naming the header, and writes nothing`, async () => {
      const payer = newPayer();
      const id = await payer.payment('captured');
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
      for (const [path, body] of [
        ['/payments', order],
        [`/payments/${id}/refunds`, {}],
      ] as const) {
        const answer = await payer.call(path, { method: 'POST', body, headers });
        assert.equal(answer.status, 400);
        assert.deepEqual(fieldsAtFault(answer), ['Idempotency-Key']);
      }
      assert.deepEqual([await countOf('payments', payer), (await refundsOf(database, id)).count], [1, 0]);
    });
  }

  test('of 255 visible characters is a good one', async () => {
    assert.equal((await newPayer().post('/payments', order, `!${'~'.repeat(254)}`)).status, 201);
  });
});

describe('after the service was killed', () => {
  test('before its transaction was committed, nothing is there and the retry makes the one payment', async () => {
    const payer = newPayer();
    const key = randomUUID();
    const blocker = await database.connect();
    await blocker.query('BEGIN; LOCK TABLE payments IN SHARE MODE');
    const lost = payer.post('/payments', order, key).catch((error: Error) => error);
    await until('the service waits for the table', async () => {
      const { rows } = await database.query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO payments%'`,
      );
      return rows.length === 1;
    });
    service.kill('SIGKILL');
    await service.exited;
    await blocker.query('ROLLBACK');
    blocker.release();
    assert.ok((await lost) instanceof Error, 'there was no answer');
    service = await backend.start('payments');
    // The server ends the dead client's transaction when it comes to its next line; the retry waits for that.
    const retry = await payer.post('/payments', order, key);
    assert.equal(retry.status, 201);
    assert.deepEqual([await countOf('payments', payer), await countOf('idempotency_keys', payer)], [1, 1]);
  });

  test('between the commit and the answer, the retry answers what was done and does it no second time', async () => {
    const payer = newPayer();
    const id = await payer.payment('captured');
    const key = randomUUID();
    await payer.get(`/payments/${id}`);
    // The service forgets the cached payment after the commit: held up there, it has not answered yet.
    await backend.redis.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const lost = payer.post(`/payments/${id}/refunds`, { amount: 300 }, key).catch((error: Error) => error);
    await until('the refund is committed', async () => (await refundsOf(database, id)).count === 1);
    service.kill('SIGKILL');
    await service.exited;
    await backend.redis.call('CLIENT', 'UNPAUSE');
    await lost;
    service = await backend.start('payments');
    const retry = await payer.post(`/payments/${id}/refunds`, { amount: 300 }, key);
    assert.deepEqual([retry.status, retry.body.refundedAmount], [200, 300]);
    assert.deepEqual(await refundsOf(database, id), { count: 1, sum: 300 });
    assert.deepEqual((await payer.get(`/payments/${id}`)).body, retry.body, 'the old payment is not in the cache');
  });

  test('under load, retrying every request with its key makes each payment exactly once', async () => {
    const payer = newPayer();
    const keys = Array.from({ length: 60 }, () => randomUUID());
    const send = (key: string) => payer.post('/payments', order, key).catch(() => undefined);
    const lost = Promise.all(keys.map(send));
    await until('some are done', async () => (await countOf('payments', payer)) >= 5);
    await crash();
    await lost;
    const answers = await Promise.all(
      keys.map(async (key) => {
        let answer = await payer.post('/payments', order, key);
        // A connection to the database that cannot be had in time, as on a busy machine, is one more reason to retry.
        while (answer.status === 503) answer = await payer.post('/payments', order, key);
        return answer;
      }),
    );
    assert.ok(answers.every(({ status }) => status === 200 || status === 201));
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 60);
    assert.deepEqual([await countOf('payments', payer), await countOf('idempotency_keys', payer)], [60, 60]);
  });
});
