import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { AdminApi, type Entry } from './support/admin-api.ts';
import { accessToken, call, fieldsAtFault } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { Payer } from './support/payments-api.ts';

let backend: Backend;
let url: string;
let authUrl: string;
let paymentsUrl: string;
let audit: pg.Pool;
let payments: pg.Pool;
let admin: AdminApi;

before(async () => {
  backend = await startBackend();
  ({ url: authUrl } = await backend.start('auth'));
  ({ url: paymentsUrl } = await backend.start('payments'));
  ({ url } = await backend.start('admin'));
  audit = backend.database('admin');
  payments = backend.database('payments');
  admin = new AdminApi(url, backend.jwtSecret, audit);
});
after(() => backend?.stop());

const paths = ['/admin/users', `/admin/users/${randomUUID()}`, '/admin/payments', '/admin/totals', '/admin/audit'];
const tokenOf = (role: 'user' | 'admin' | 'service', sub: string = randomUUID()) =>
  accessToken(backend.jwtSecret, { sub, role });
const newPayer = () => new Payer(() => paymentsUrl, backend.jwtSecret);

async function countOfEntries(): Promise<number> {
  return (await audit.query('SELECT count(*)::int AS count FROM audit_log')).rows[0].count;
}

async function registered(name: string): Promise<{ id: string; email: string }> {
  const body = { email: `${randomUUID()}@example.com`, password: 'a password of a test', name };
  return (await call(`${authUrl}/auth/register`, { method: 'POST', body })).body;
}

describe('who may ask', () => {
  test('nobody without a valid token: 401', async () => {
    for (const path of paths) {
      assert.equal((await call(`${url}${path}`)).status, 401, path);
      const foreign = accessToken('x'.repeat(32), { sub: randomUUID(), role: 'admin' });
      assert.equal((await call(`${url}${path}`, { token: foreign })).status, 401, path);
    }
  });

  for (const role of ['user', 'service'] as const) {
    test(`no ${role}: 403, and the audit log has each try`, async () => {
      const id = randomUUID();
      for (const path of paths) {
        const { status, body } = await call(`${url}${path}`, { token: tokenOf(role, id) });
        assert.equal(status, 403, path);
        assert.equal(body.items, undefined);
      }
      const entries = await admin.entriesOf(id);
      assert.deepEqual(new Set(entries.map(({ target }) => target)), new Set(paths));
      assert.ok(entries.every(({ outcome }) => outcome === 'denied'));
    });
  }

  test('the admin account, with the token of its login', async () => {
    const login = await call(`${authUrl}/auth/login`, { method: 'POST', body: backend.admin });
    for (const path of ['/admin/users', '/admin/payments', '/admin/totals', '/admin/audit']) {
      assert.equal((await call(`${url}${path}`, { token: login.body.accessToken })).status, 200, path);
    }
  });
});

describe('users', () => {
  test('are listed page by page, each once', async () => {
    const made = [await registered('Ann'), await registered('Ben'), await registered('Cleo')];
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await admin.ask(`/admin/users?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    assert.equal(new Set(seen).size, seen.length);
    for (const { id } of made) assert.ok(seen.includes(id));
  });

  test('are read one by one, without a word of their password', async () => {
    const user = await registered('Dora');
    const { status, body } = await admin.ask(`/admin/users/${user.id}`);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), ['createdAt', 'email', 'id', 'name', 'role']);
    assert.equal(body.email, user.email);
  });

  test('that do not exist answer 404', async () => {
    assert.equal((await admin.ask(`/admin/users/${randomUUID()}`)).status, 404);
  });
});

describe('payments', () => {
  test('of everybody are listed, and those of one user or in one state when asked', async () => {
    const [one, other] = [newPayer(), newPayer()];
    const [captured, canceled] = [await one.payment('captured'), await one.payment('canceled')];
    const foreign = await other.payment('captured');
    const ids = async (query: string) =>
      (await admin.ask(`/admin/payments?${query}`)).body.items.map(({ id }: { id: string }) => id).sort();
    assert.deepEqual(await ids(`userId=${one.id}`), [captured, canceled].sort());
    assert.deepEqual(await ids(`userId=${one.id}&state=captured`), [captured]);
    const all = await ids('limit=100');
    for (const id of [captured, canceled, foreign]) assert.ok(all.includes(id));
  });

  for (const [query, field] of [
    ['limit=0', 'limit'],
    ['state=paid', 'state'],
    ['userId=ann', 'userId'],
    ['cursor=x', 'cursor'],
  ]) {
    test(`with ${query} answer 422 naming ${field}`, async () => {
      const id = randomUUID();
      const answer = await admin.ask(`/admin/payments?${query}`, id);
      assert.deepEqual([answer.status, fieldsAtFault(answer)], [422, [field]]);
      assert.deepEqual(
        (await admin.entriesOf(id)).map(({ outcome }) => outcome),
        ['invalid'],
      );
    });
  }
});

describe('totals', () => {
  test('are right to the unit, by day in UTC, state and currency', async () => {
    const rows = [
      ['2025-03-01T00:00:00.000Z', 'captured', 'EUR', 99_999_999_999, 0],
      ['2025-03-01T12:00:00.000Z', 'captured', 'EUR', 1, 0],
      ['2025-03-01T23:59:59.999Z', 'captured', 'EUR', 2, 0],
      ['2025-03-01T12:00:00.000Z', 'captured', 'JPY', 500, 0],
      ['2025-03-01T12:00:00.000Z', 'partially_refunded', 'EUR', 1000, 333],
      ['2025-03-02T00:00:00.000Z', 'captured', 'EUR', 4, 0],
      ['2025-03-02T23:59:59.999Z', 'refunded', 'USD', 77, 77],
      ['2025-02-28T23:59:59.999Z', 'captured', 'EUR', 8, 0],
      ['2025-03-03T00:00:00.000Z', 'captured', 'EUR', 16, 0],
    ];
    for (const row of rows) {
      await payments.query(
        `INSERT INTO payments (id, user_id, created_at, state, currency, amount, refunded_amount)
         VALUES (gen_random_uuid(), gen_random_uuid()::text, $1, $2, $3, $4, $5)`,
        row,
      );
    }
    const { status, body } = await admin.ask('/admin/totals?from=2025-03-01&to=2025-03-02');
    assert.equal(status, 200);
    const total = (day: string, state: string, currency: string, count: number, amount: number, refunded: number) => ({
      ...{ day, state, currency, count, amount, refunded },
    });
    assert.deepEqual(body.items, [
      total('2025-03-01', 'captured', 'EUR', 3, 100_000_000_002, 0),
      total('2025-03-01', 'captured', 'JPY', 1, 500, 0),
      total('2025-03-01', 'partially_refunded', 'EUR', 1, 1000, 333),
      total('2025-03-02', 'captured', 'EUR', 1, 4, 0),
      total('2025-03-02', 'refunded', 'USD', 1, 77, 77),
    ]);
  });

  for (const [query, field] of [
    ['from=yesterday', 'from'],
    ['from=2025-02-30', 'from'],
    ['to=0000-01-01', 'to'],
    ['from=2025-03-02&to=2025-03-01', 'from'],
    ['from=2020-01-01&to=2025-03-01', 'from'],
  ]) {
    test(`with ${query} answer 422 naming ${field}`, async () => {
      const answer = await admin.ask(`/admin/totals?${query}`);
      assert.deepEqual([answer.status, fieldsAtFault(answer)], [422, [field]]);
    });
  }
});

describe('the audit log', () => {
  test('has who did what to what with which outcome, by the time the answer is there', async () => {
    const [id, missing] = [randomUUID(), randomUUID()];
    const expected: Entry[] = [];
    for (const [path, action, outcome] of [
      ['/admin/users?limit=1', 'users.list', 'ok'],
      [`/admin/users/${missing}`, 'users.read', 'not_found'],
      ['/admin/payments', 'payments.list', 'ok'],
      ['/admin/totals?from=2025-03-01&to=2025-03-01', 'totals.read', 'ok'],
      ['/admin/audit', 'audit.list', 'ok'],
      ['/admin/audit?limit=0', 'audit.list', 'invalid'],
    ] as const) {
      await admin.ask(path, id);
      expected.push({ action, target: path, outcome });
      assert.deepEqual((await admin.entriesOf(id)).length, expected.length);
    }
    const byTarget = (one: Entry, other: Entry) => one.target.localeCompare(other.target);
    assert.deepEqual((await admin.entriesOf(id)).sort(byTarget), expected.sort(byTarget));
  });

  test('is read page by page, newest first, while each page adds an entry', async () => {
    const reader = randomUUID();
    for (let n = 0; n < 5; n++) await admin.ask('/admin/users', randomUUID());
    const before = await countOfEntries();
    const seen: { id: string; at: string; actorId: string }[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await admin.ask(`/admin/audit?limit=4${cursor && `&cursor=${cursor}`}`, reader);
      seen.push(...body.items);
      cursor = body.nextCursor;
    }
    assert.equal(seen.length, before);
    assert.equal(new Set(seen.map(({ id }) => id)).size, before);
    const times = seen.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted().toReversed());
  });

  for (const sql of [
    `UPDATE audit_log SET outcome = 'ok'`,
    'UPDATE audit_log SET outcome = outcome WHERE false',
    'DELETE FROM audit_log',
    'TRUNCATE audit_log',
  ]) {
    test(`refuses, also to its owner: ${sql}`, async () => {
      await admin.ask('/admin/users');
      const before = (await audit.query('SELECT * FROM audit_log ORDER BY id')).rows;
      await assert.rejects(audit.query(sql), /append-only/);
      assert.deepEqual((await audit.query('SELECT * FROM audit_log ORDER BY id')).rows, before);
    });
  }

  test('that cannot be written means no answer: 500 and nothing of the data', async () => {
    const user = await registered('Emil');
    await audit.query('ALTER TABLE audit_log RENAME TO audit_log_away');
    try {
      const { status, body } = await admin.ask(`/admin/users/${user.id}`);
      assert.equal(status, 500);
      assert.doesNotMatch(JSON.stringify(body), new RegExp(user.email));
    } finally {
      await audit.query('ALTER TABLE audit_log_away RENAME TO audit_log');
    }
  });
});
