import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { accessToken, call, fieldsAtFault } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { Payer } from './support/payments-api.ts';

let backend: Backend;
let url: string;
let database: pg.Pool;
let payer: Payer;
let stranger: Payer;

before(async () => {
  backend = await startBackend();
  ({ url } = await backend.start('payments'));
  database = backend.database('payments');
  payer = newPayer();
  stranger = newPayer();
});
after(() => backend?.stop());

const newPayer = () => new Payer(() => url, backend.jwtSecret);
const largest = 99_999_999_999;

/** How many rows each table has: what a refused request must not change. */
async function rowCounts(): Promise<unknown> {
  const { rows } = await database.query(
    `SELECT (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM refunds) AS refunds,
            (SELECT count(*) FROM idempotency_keys) AS keys`,
  );
  return rows[0];
}

describe('creating a payment', () => {
  test('answers 201 with the payment, authorized', async () => {
    const { status, body } = await payer.post('/payments', { amount: 1250, currency: 'EUR', description: 'two books' });
    const { id, createdAt, updatedAt, ...rest } = body;
    assert.equal(status, 201);
    assert.deepEqual(rest, {
      userId: payer.id,
      amount: 1250,
      currency: 'EUR',
      state: 'authorized',
      refundedAmount: 0,
      description: 'two books',
    });
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.equal(new Date(createdAt).toISOString(), createdAt);
    assert.equal(updatedAt, createdAt);
  });

  test('with capture: true answers it captured', async () => {
    const { body } = await payer.post('/payments', { amount: 1, currency: 'JPY', capture: true });
    assert.deepEqual([body.state, body.description], ['captured', null]);
  });

  for (const amount of [1, largest]) {
    test(`keeps the amount ${amount} to the unit`, async () => {
      const { status, body } = await payer.post('/payments', { amount, currency: 'USD' });
      assert.deepEqual([status, body.amount], [201, amount]);
      assert.equal((await payer.get(`/payments/${body.id}`)).body.amount, amount);
    });
  }

  const valid = { amount: 1000, currency: 'EUR' };
  const badBodies: [string, string, unknown][] = [
    ...[0, -1, 0.5, 1.000001, largest + 1, 2 ** 53, 1e21, '1000', null, [], true].map(
      (amount): [string, string, unknown] => [`the amount ${JSON.stringify(amount)}`, 'amount', { ...valid, amount }],
    ),
    ['no amount', 'amount', { currency: 'EUR' }],
    ['an amount beyond what JSON numbers hold', 'amount', '{"amount": 9007199254740993, "currency": "EUR"}'],
    ...['eur', 'ZZZ', '', 'EURO', 978, null].map((currency): [string, string, unknown] => [
      `the currency ${JSON.stringify(currency)}`,
      'currency',
      { ...valid, currency },
    ]),
    ['no currency', 'currency', { amount: 1 }],
    ['a description that is no text', 'description', { ...valid, description: 7 }],
    ['a description of 501 characters', 'description', { ...valid, description: 'x'.repeat(501) }],
    ['a description with a NUL', 'description', { ...valid, description: 'a\0b' }],
    ['a capture that is no boolean', 'capture', { ...valid, capture: 'yes' }],
    ['a field that only the service may set', 'state', { ...valid, state: 'refunded' }],
  ];
  for (const [what, field, body] of badBodies) {
    test(`with ${what} answers 422 naming ${field}, and writes nothing`, async () => {
      const rows = await rowCounts();
      const answer = await payer.post('/payments', body);
      assert.equal(answer.status, 422);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.deepEqual(fieldsAtFault(answer), [field]);
      assert.deepEqual(await rowCounts(), rows);
    });
  }

  const unreadable: [string, number, string | undefined][] = [
    ['no body', 400, undefined],
    ['half of a JSON text', 400, '{"amount": 1000, "curr'],
    ['a body of 200 KB', 413, JSON.stringify({ ...valid, description: 'x'.repeat(200_000) })],
  ];
  for (const [what, expected, body] of unreadable) {
    test(`with ${what} answers ${expected}, and writes nothing`, async () => {
      const rows = await rowCounts();
      const { status, headers } = await payer.post('/payments', body);
      assert.equal(status, expected);
      assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.deepEqual(await rowCounts(), rows);
    });
  }
});

describe('who asks', () => {
  const badTokens: [string, () => string | undefined][] = [
    ['no token', () => undefined],
    ['text that is no token', () => 'nonsense'],
    ['a token signed by somebody else', () => accessToken('x'.repeat(32), { sub: randomUUID(), role: 'user' })],
    ['an expired token', () => accessToken(backend.jwtSecret, { sub: randomUUID(), role: 'user', expiresIn: -60 })],
  ];
  for (const [what, token] of badTokens) {
    test(`with ${what} gets 401`, async () => {
      for (const path of ['/payments', `/payments/${randomUUID()}`, '/internal/payments', '/internal/totals']) {
        assert.equal((await call(`${url}${path}`, { token: token() })).status, 401, path);
      }
    });
  }

  test('as a user or an admin gets 403 from the internal paths', async () => {
    for (const role of ['user', 'admin'] as const) {
      const token = accessToken(backend.jwtSecret, { sub: randomUUID(), role });
      for (const path of ['/internal/payments', '/internal/totals']) {
        assert.equal((await call(`${url}${path}`, { token })).status, 403, path);
      }
    }
  });

  test("for somebody else's payment gets 404, read or not read before, and changes nothing", async () => {
    const id = await payer.payment('captured');
    for (const cached of [false, true]) {
      if (cached) await payer.get(`/payments/${id}`);
      assert.equal((await stranger.get(`/payments/${id}`)).status, 404);
    }
    const rows = await rowCounts();
    for (const operation of ['capture', 'cancel', 'refunds']) {
      assert.equal((await stranger.post(`/payments/${id}/${operation}`)).status, 404, operation);
    }
    assert.deepEqual(await rowCounts(), rows);
    assert.equal((await payer.get(`/payments/${id}`)).body.state, 'captured');
  });

  for (const id of [randomUUID(), 'not-a-uuid', '%00']) {
    test(`for a payment ${id.length > 30 ? 'that never was' : id} gets 404`, async () => {
      assert.equal((await payer.get(`/payments/${id}`)).status, 404);
      assert.equal((await payer.post(`/payments/${id}/refunds`)).status, 404);
    });
  }
});

describe('reading after a change', () => {
  test('shows the change at once, although the payment was read before it', async () => {
    const id = await payer.payment('authorized');
    const path = `/payments/${id}`;
    const key = `payment:${id}`;
    for (const [operation, body, state] of [
      ['capture', undefined, 'captured'],
      ['refunds', { amount: 1 }, 'partially_refunded'],
      ['refunds', undefined, 'refunded'],
    ] as const) {
      await payer.get(path);
      assert.ok(await backend.redis.exists(key), 'the read left the payment in the cache');
      const change = await payer.post(`${path}/${operation}`, body);
      assert.equal(await backend.redis.exists(key), 0, 'the change dropped it');
      assert.equal(change.body.state, state);
      assert.deepEqual((await payer.get(path)).body, change.body);
    }
  });

  test('is the same by an id in capitals', async () => {
    const id = await payer.payment('authorized');
    const path = `/payments/${id.toUpperCase()}`;
    assert.equal((await payer.get(path)).body.id, id);
    await payer.post(`${path}/cancel`);
    assert.equal((await payer.get(path)).body.state, 'canceled');
  });

  test('what the cache keeps is gone after a while by itself', async () => {
    const id = await payer.payment('authorized');
    await payer.get(`/payments/${id}`);
    const seconds = await backend.redis.ttl(`payment:${id}`);
    assert.ok(seconds > 0 && seconds <= 60, `${seconds} s`);
  });
});

describe('the list', () => {
  test('shows only own payments, newest first, and those in one state when asked', async () => {
    const user = newPayer();
    const captured = [await user.payment('captured'), await user.payment('captured')];
    const authorized = await user.payment('authorized');
    const listed = async (query: string): Promise<{ id: string; createdAt: string }[]> =>
      (await user.get(`/payments${query}`)).body.items;
    const ids = async (query: string) => (await listed(query)).map(({ id }) => id).sort();
    assert.deepEqual(await ids(''), [authorized, ...captured].sort());
    assert.deepEqual(await ids('?state=captured'), captured.sort());
    assert.deepEqual(await ids('?state=refunded'), []);
    const times = (await listed('')).map(({ createdAt }) => createdAt);
    assert.deepEqual(times, times.toSorted().toReversed());
    assert.deepEqual((await stranger.get('/payments')).body, { items: [], nextCursor: null });
  });

  test('gives each payment exactly once, page by page, while new ones arrive and many share one instant', async () => {
    const user = newPayer();
    await database.query(
      `INSERT INTO payments (id, user_id, amount, currency, state, created_at)
       SELECT gen_random_uuid(), $1, 1, 'EUR', 'authorized', '2026-01-01'::timestamptz + (n / 4) * interval '1 ms'
       FROM generate_series(1, 50) n`,
      [user.id],
    );
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await user.get(`/payments?limit=7${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
      await user.payment('authorized');
    }
    assert.equal(seen.length, 50);
    assert.equal(new Set(seen).size, 50);
  });

  for (const [query, field] of [
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['state=paid', 'state'],
    ['cursor=nonsense', 'cursor'],
    [`cursor=${Buffer.from('["2026-01-01","x"]').toString('base64url')}`, 'cursor'],
  ]) {
    test(`with ${query} answers 422 naming ${field}`, async () => {
      const answer = await payer.get(`/payments?${query}`);
      assert.equal(answer.status, 422);
      assert.deepEqual(fieldsAtFault(answer), [field]);
    });
  }

  test('with a cursor from before all time answers an empty page', async () => {
    const cursor = Buffer.from(JSON.stringify(['0000-01-01T00:00:00.000Z', randomUUID()])).toString('base64url');
    assert.deepEqual(await payer.get(`/payments?cursor=${cursor}`).then(({ body }) => body.items), []);
  });
});

describe('the database itself refuses', () => {
  const impossible = [
    ['more refunded than paid', `UPDATE payments SET state = 'refunded', refunded_amount = amount + 1`],
    ['a negative refund', `UPDATE payments SET state = 'captured', refunded_amount = -1`],
    ['refunded with something left', `UPDATE payments SET state = 'refunded', refunded_amount = 0`],
    [
      'partially refunded with nothing given back',
      `UPDATE payments SET state = 'partially_refunded', refunded_amount = 0`,
    ],
    ['canceled with a refund', `UPDATE payments SET state = 'canceled', refunded_amount = 1`],
    ['a state that is none', `UPDATE payments SET state = 'paid'`],
    ['a payment of nothing', `UPDATE payments SET amount = 0`],
  ] as const;
  for (const [what, sql] of impossible) {
    test(what, async () => {
      const id = await payer.payment('authorized');
      await assert.rejects(database.query(`${sql} WHERE id = $1`, [id]), { code: '23514' });
    });
  }
});
