import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { fieldsAtFault } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { Payer, refundsOf, statuses } from './support/payments-api.ts';

let backend: Backend;
let url: string;
let database: pg.Pool;

before(async () => {
  backend = await startBackend();
  ({ url } = await backend.start('payments'));
  database = backend.database('payments');
});
after(() => backend?.stop());

const newPayer = () => new Payer(() => url, backend.jwtSecret);

describe('a refund', () => {
  test('sent twice, or 20 times at once, with one key happens once', async () => {
    const payer = newPayer();
    const id = await payer.payment('captured');
    const key = randomUUID();
    const refund = () => payer.post(`/payments/${id}/refunds`, { amount: 300 }, key);
    const answers = await Promise.all(Array.from({ length: 20 }, refund));
    assert.deepEqual(statuses([...answers, await refund()]), [...Array(20).fill(200), 201]);
    assert.deepEqual(await refundsOf(database, id), { count: 1, sum: 300 });
  });

  test('of all that is left, sent twice, shows the refunded payment again instead of a conflict', async () => {
    const payer = newPayer();
    const id = await payer.payment('partially_refunded');
    const key = randomUUID();
    const first = await payer.post(`/payments/${id}/refunds`, undefined, key);
    const again = await payer.post(`/payments/${id}/refunds`, {}, key);
    assert.deepEqual([first.status, again.status], [201, 200]);
    assert.deepEqual([again.body.state, again.body.refundedAmount], ['refunded', 1000]);
    assert.deepEqual(await refundsOf(database, id), { count: 2, sum: 1000 });
  });

  test('under the key of another request answers 422', async () => {
    const payer = newPayer();
    const [one, other] = [await payer.payment('captured'), await payer.payment('captured')];
    const key = randomUUID();
    await payer.post(`/payments/${one}/refunds`, { amount: 1 }, key);
    for (const [id, amount] of [
      [one, 2],
      [other, 1],
    ] as const) {
      const answer = await payer.post(`/payments/${id}/refunds`, { amount }, key);
      assert.deepEqual([answer.status, fieldsAtFault(answer)], [422, ['Idempotency-Key']]);
    }
    assert.equal((await refundsOf(database, other)).count, 0);
  });

  test('never gives back more than was paid, however many arrive at once', async () => {
    const payer = newPayer();
    const id = await payer.payment('captured');
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => payer.post(`/payments/${id}/refunds`, { amount: 70 })),
    );
    const done = answers.filter(({ status }) => status === 201);
    assert.equal(done.length, 14);
    assert.ok(
      answers.every(({ status }) => status === 201 || status === 422),
      'the others were too large',
    );
    const { body } = await payer.get(`/payments/${id}`);
    assert.deepEqual([body.state, body.refundedAmount], ['partially_refunded', 980]);
    assert.deepEqual(await refundsOf(database, id), { count: 14, sum: 980 });
  });

  test('of one unit more than is left answers 422 naming the amount; of what is left, 201', async () => {
    const payer = newPayer();
    const id = await payer.payment('partially_refunded');
    const tooMuch = await payer.post(`/payments/${id}/refunds`, { amount: 601 });
    assert.deepEqual([tooMuch.status, fieldsAtFault(tooMuch)], [422, ['amount']]);
    assert.equal((await payer.post(`/payments/${id}/refunds`, { amount: 600 })).status, 201);
    assert.deepEqual(await refundsOf(database, id), { count: 2, sum: 1000 });
  });

  for (const [what, body, status] of [
    ['of nothing', '{"amount": 0}', 422],
    ['of less than nothing', '{"amount": -1}', 422],
    ['of a fraction', '{"amount": 0.5}', 422],
    ['of text', '{"amount": "5"}', 422],
    ['with a misspelt amount', '{"ammount": 5}', 422],
    ['with a list as body', '[]', 422],
  ] as const) {
    test(`${what} answers ${status} and gives nothing back`, async () => {
      const payer = newPayer();
      const id = await payer.payment('captured');
      assert.equal((await payer.post(`/payments/${id}/refunds`, body)).status, status);
      assert.equal((await refundsOf(database, id)).count, 0);
    });
  }

  test('whose body is no JSON is not taken for a refund of everything', async () => {
    const payer = newPayer();
    const id = await payer.payment('captured');
    const headers = { 'idempotency-key': randomUUID(), 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await payer.call(`/payments/${id}/refunds`, { method: 'POST', body: 'amount=5', headers });
    assert.equal(answer.status, 400);
    assert.equal((await refundsOf(database, id)).count, 0);
  });
});

describe('the state of a payment', () => {
  const conflicts = [
    ['authorized', ['refunds']],
    ['captured', ['capture', 'cancel']],
    ['partially_refunded', ['capture', 'cancel']],
    ['refunded', ['capture', 'cancel', 'refunds']],
    ['canceled', ['capture', 'cancel', 'refunds']],
  ] as const;
  for (const [state, operations] of conflicts) {
    test(`${state} forbids ${operations.join(', ')}: 409 that names the state, and nothing changes`, async () => {
      const payer = newPayer();
      const id = await payer.payment(state);
      const before = (await payer.get(`/payments/${id}`)).body;
      for (const operation of operations) {
        const { status, body } = await payer.post(`/payments/${id}/${operation}`);
        assert.equal(status, 409, operation);
        assert.match(body.detail, new RegExp(`is ${state}.*allowed now: `));
      }
      assert.deepEqual((await payer.get(`/payments/${id}`)).body, before);
    });
  }

  test('is decided by one of 20 that capture and cancel at once', async () => {
    const payer = newPayer();
    const id = await payer.payment('authorized');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => payer.post(`/payments/${id}/${n % 2 ? 'capture' : 'cancel'}`)),
    );
    assert.deepEqual(statuses(answers), [200, ...Array(19).fill(409)]);
    const winner = answers.find(({ status }) => status === 200);
    assert.deepEqual((await payer.get(`/payments/${id}`)).body, winner?.body);
  });
});
