import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import { type Answer, accessToken, type Call, call } from './support/api-client.ts';
import { type Asked, assertAsked } from './support/asked.ts';
import { type Backend, startBackend } from './support/backend.ts';
import {
  databaseCounts,
  errorCounts,
  increase,
  type MetricsPage,
  scrape,
  scrapeAtRest,
  type Values,
} from './support/metrics-page.ts';
import { type Truth, watchPostgres, watchRedis } from './support/server-truth.ts';
import { useAgent } from './support/service.ts';

useAgent();

const names = ['auth', 'payments', 'profile'] as const;
type Name = (typeof names)[number];

let backend: Backend;
let postgresTruth: Truth;
let redisTruth: Truth;
const services = {} as Record<Name, Service>;
const atStart = {} as Record<Name, MetricsPage>;

before(async () => {
  backend = await startBackend();
  postgresTruth = await watchPostgres(backend, 'payments');
  const env = { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' };
  await Promise.all(
    names.map(async (name) => {
      services[name] = await backend.start(name, env);
    }),
  );
  for (const name of names) atStart[name] = await pageOf(name);
  redisTruth = await watchRedis(backend);
});
after(() => backend?.stop());

const pageOf = (name: Name) => scrapeAtRest(`${services[name].url}/metrics`);

/** A user, and how they ask a service directly. */
function newUser() {
  const token = () => accessToken(backend.jwtSecret, { sub: id, role: 'user' });
  const id = randomUUID();
  return (name: Name, line: string, { body, headers }: Call = {}): Promise<Answer> => {
    const [method = '', path = ''] = line.split(' ');
    return call(`${services[name].url}${path}`, { method, token: token(), body, ...(headers && { headers }) });
  };
}

type Step = [what: string, status: number, send: () => Promise<Answer>, asked: Asked];

function describeSteps(name: Name, steps: Step[]): void {
  for (const [what, status, send, asked] of steps) {
    test(what, async () => {
      const earlier = await pageOf(name);
      const answer = await send();
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assertAsked(earlier, await pageOf(name), asked);
    });
  }
}

describe('the payments service counts what it asks for', () => {
  const order = { amount: 1250, currency: 'EUR' };
  const ann = newUser();
  const stranger = newUser();
  let id: string;
  const create = (key: string, body: unknown) =>
    ann('payments', 'POST /payments', { body, headers: { 'idempotency-key': key } });
  const one = (path = '', method = 'GET') => ann('payments', `${method} /payments/${id}${path}`);
  const refund = () =>
    ann('payments', `POST /payments/${id}/refunds`, {
      body: { amount: 1 },
      headers: { 'idempotency-key': randomUUID() },
    });

  describeSteps('payments', [
    [
      'a new payment',
      201,
      async () => {
        const answer = await create('a-key', order);
        id = answer.body.id;
        return answer;
      },
      { sql: 'BEGIN INSERT INSERT INSERT COMMIT' },
    ],
    ['the same key again', 200, () => create('a-key', order), { sql: 'BEGIN INSERT SELECT SELECT COMMIT' }],
    [
      'the key for something else',
      422,
      () => create('a-key', { ...order, amount: 1 }),
      { sql: 'BEGIN INSERT SELECT ROLLBACK' },
    ],
    ['a payment that does not fit', 422, () => create('b-key', {}), {}],
    ['the first reading', 200, one, { sql: 'SELECT', redis: 'GET SET EVAL', misses: { payment: 1 } }],
    ['the second reading', 200, one, { redis: 'GET', hits: { payment: 1 } }],
    ['a stranger', 404, () => stranger('payments', `GET /payments/${id}`), { redis: 'GET', hits: { payment: 1 } }],
    [
      'a payment that is not there',
      404,
      () => ann('payments', `GET /payments/${randomUUID()}`),
      { sql: 'SELECT', redis: 'GET SET', misses: { payment: 1 } },
    ],
    ['a capture', 200, () => one('/capture', 'POST'), { sql: 'BEGIN SELECT UPDATE INSERT COMMIT', redis: 'DEL' }],
    ['a capture too many', 409, () => one('/capture', 'POST'), { sql: 'BEGIN SELECT ROLLBACK' }],
    ['a refund', 201, refund, { sql: 'BEGIN INSERT SELECT INSERT UPDATE INSERT COMMIT', redis: 'DEL' }],
    ['the reading after it', 200, one, { sql: 'SELECT', redis: 'GET SET EVAL', misses: { payment: 1 } }],
    ['a list', 200, () => ann('payments', 'GET /payments'), { sql: 'SELECT' }],
    ['its readiness', 200, () => ann('payments', 'GET /health/ready'), { sql: 'SELECT', redis: 'PING' }],
    ['a request without a key', 400, () => ann('payments', 'POST /payments', { body: order }), {}],
  ]);

  test('an error of PostgreSQL under its SQLSTATE, and the 500 that comes of it', async () => {
    await backend.database('payments').query('CREATE UNIQUE INDEX provoked ON payments (description)');
    const described = { ...order, description: 'only once' };
    assert.equal((await create('first', described)).status, 201);
    const earlier = await pageOf('payments');
    assert.equal((await create('second', described)).status, 500);
    const later = await pageOf('payments');
    assertAsked(earlier, later, { sql: 'BEGIN INSERT INSERT(23505) ROLLBACK' });
    assert.deepEqual(increase(errorCounts(earlier), errorCounts(later)), { 'POST /payments 500': 1 });
  });
});

describe('the profile service counts what it asks for', () => {
  const ann = newUser();
  const read = () => ann('profile', 'GET /profile');
  const preferences = () => ann('profile', 'GET /profile/preferences');
  const missed = { sql: 'SELECT', redis: 'GET SET EVAL' };
  describeSteps('profile', [
    ['the first reading', 200, read, { ...missed, misses: { profile: 1 } }],
    ['the second reading', 200, read, { redis: 'GET', hits: { profile: 1 } }],
    [
      'a new profile',
      200,
      () => ann('profile', 'PUT /profile', { body: { displayName: 'Ann' } }),
      { sql: 'INSERT', redis: 'DEL' },
    ],
    ['the reading after it', 200, read, { ...missed, misses: { profile: 1 } }],
    ['the preferences', 200, preferences, { ...missed, misses: { preferences: 1 } }],
    ['the preferences again', 200, preferences, { redis: 'GET', hits: { preferences: 1 } }],
    [
      'a change of them',
      200,
      () => ann('profile', 'PATCH /profile/preferences', { body: {} }),
      { sql: 'INSERT', redis: 'DEL' },
    ],
  ]);
});

describe('the auth service counts what it asks for', () => {
  const person = { email: 'ann@example.com', password: 'a password for tests' };
  const nobody = newUser();
  const post = (path: string, body: unknown, token?: string) =>
    call(`${services.auth.url}/auth/${path}`, { method: 'POST', body, token });
  // biome-ignore lint/suspicious/noExplicitAny: the body of an answer
  let tokens: any;
  const keepTokens = async (answering: Promise<Answer>) => {
    const answer = await answering;
    tokens = answer.body;
    return answer;
  };
  describeSteps('auth', [
    ['a registration', 201, () => post('register', { ...person, name: 'Ann' }), { sql: 'INSERT' }],
    ['a wrong password', 401, () => post('login', { ...person, password: 'wrong' }), { sql: 'SELECT' }],
    ['a login', 200, () => keepTokens(post('login', person)), { sql: 'SELECT', redis: 'MULTI HSET EXPIRE EXEC' }],
    [
      'a refresh',
      200,
      () => keepTokens(post('refresh', { refreshToken: tokens.refreshToken })),
      { sql: 'SELECT', redis: 'EVAL' },
    ],
    ['a stranger', 401, () => nobody('auth', 'GET /auth/me'), { sql: 'SELECT' }],
    [
      'a logout',
      204,
      () => post('logout', { refreshToken: tokens.refreshToken }, tokens.accessToken),
      { redis: 'HGET DEL', hits: { refresh: 1 } },
    ],
  ]);
});

describe('altogether', () => {
  test('PostgreSQL was asked what the payments service counted since it started, migrations included', async () => {
    const counted = await pageOf('payments');
    const operations = 'db_client_operation_duration_seconds_count';
    const bySystem = Object.entries(counted.values(operations, 'db_system_name', 'db_operation_name'));
    const sql = bySystem.flatMap(([key, value]): [string, number][] =>
      key.startsWith('postgresql ') ? [[key.slice('postgresql '.length), value]] : [],
    );
    assert.deepEqual(await postgresTruth(), Object.fromEntries(sql));
  });

  test('Redis was asked what the three services counted', async () => {
    const asked = await redisTruth();
    const counted: Values = {};
    for (const name of names) {
      const later = await pageOf(name);
      for (const [key, value] of Object.entries(increase(databaseCounts(atStart[name]), databaseCounts(later)))) {
        const [system, operation = ''] = key.split(' ');
        if (system === 'redis') counted[operation] = (counted[operation] ?? 0) + value;
      }
    }
    assert.deepEqual(asked, counted);
  });

  test('each operation names its database and the server, and no series has a key or a text of SQL', async () => {
    const { text, samples } = await scrape(`${services.payments.url}/metrics`).then((page) => ({
      text: page.text,
      samples: page.values(
        'db_client_operation_duration_seconds_count',
        'db_system_name',
        'db_namespace',
        'server_address',
        'server_port',
      ),
    }));
    const [, postgresPort] = /127\.0\.0\.1:(\d+)\/payments/.exec(text) ?? [];
    const { port: redisPort } = backend.redis.options;
    assert.deepEqual(Object.keys(samples).sort(), [
      `postgresql payments 127.0.0.1 ${postgresPort}`,
      `redis 0 127.0.0.1 ${redisPort}`,
    ]);
    assert.doesNotMatch(text, /[0-9a-f]{8}-[0-9a-f]{4}-|idempotency|VALUES|\$1/);
  });
});
