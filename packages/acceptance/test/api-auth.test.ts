import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Service } from '@payments/local-stack';
import type pg from 'pg';
import { type Answer, accessToken, type Call, call, fieldsAtFault } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { ownRedis } from './support/own-redis.ts';
import { until } from './support/until.ts';

const password = 'correct horse battery';

describe('auth', () => {
  let backend: Backend;
  let service: Service;
  let database: pg.Pool;

  before(async () => {
    backend = await startBackend();
    service = await backend.start('auth');
    database = backend.database('auth');
  });
  after(() => backend?.stop());

  const send = (path: string, options?: Call) => call(`${service.url}${path}`, options);
  const post = (path: string, body?: unknown, token?: string) => send(path, { method: 'POST', body, token });
  const newEmail = () => `${randomUUID()}@example.com`;
  const accounts = async () => (await database.query('SELECT count(*)::int AS count FROM accounts')).rows[0].count;

  async function registered() {
    const email = newEmail();
    const { body: account } = await post('/auth/register', { email, password, name: 'Ann' });
    const { body: tokens } = await post('/auth/login', { email, password });
    return { email, account, tokens };
  }

  function assertProblem(answer: Answer, status: number, ...fields: string[]) {
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.equal(answer.body.status, status);
    assert.ok(answer.body.title && answer.body.detail && answer.body.type);
    assert.deepEqual(fieldsAtFault(answer), fields);
  }

  describe('register', () => {
    it('answers with the new account and nothing of its password', async () => {
      const email = newEmail();
      const { status, body } = await post('/auth/register', { email, password, name: ' Ann ' });
      assert.equal(status, 201);
      const { id, createdAt, ...rest } = body;
      assert.match(id, /^[0-9a-f-]{36}$/);
      assert.equal(new Date(createdAt).toISOString(), createdAt);
      assert.deepEqual(rest, { email, name: 'Ann', role: 'user' });
    });

    it('refuses an address that is taken, in whatever case it is written', async () => {
      const { email } = await registered();
      assertProblem(await post('/auth/register', { email: email.toUpperCase(), password, name: 'Eve' }), 409, 'email');
    });

    it('makes one account when the same address registers several times at once', async () => {
      const email = newEmail();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => post('/auth/register', { email, password, name: 'Ann' })),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
    });

    it('names each field that does not fit, and writes nothing', async () => {
      const good = { email: newEmail(), password, name: 'Ann' };
      const before = await accounts();
      assertProblem(await post('/auth/register', { ...good, email: 'ann' }), 422, 'email');
      assertProblem(await post('/auth/register', { ...good, password: 'short' }), 422, 'password');
      assertProblem(await post('/auth/register', { ...good, password: 'x'.repeat(129) }), 422, 'password');
      assertProblem(await post('/auth/register', { ...good, name: ' ' }), 422, 'name');
      assertProblem(await post('/auth/register', { ...good, name: 'A\0B' }), 422, 'name');
      assertProblem(await post('/auth/register', { ...good, role: 'admin' }), 422, 'role');
      assertProblem(await post('/auth/register', {}), 422, 'email', 'password', 'name');
      assertProblem(await post('/auth/register', []), 422, 'body');
      assert.equal(await accounts(), before);
    });

    it('refuses what is no JSON, no body at all, and a body over the limit', async () => {
      assertProblem(await post('/auth/register', '{"email":'), 400);
      assertProblem(await post('/auth/register'), 400, 'body');
      const asText = { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } };
      assertProblem(await send('/auth/register', asText), 400, 'body');
      assertProblem(await post('/auth/register', { name: 'x'.repeat(200_000) }), 413);
    });
  });

  describe('login', () => {
    it('gives tokens for the address in any case', async () => {
      const { email, account } = await registered();
      const { status, body, headers } = await post('/auth/login', { email: email.toUpperCase(), password });
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body).sort(), ['accessToken', 'expiresIn', 'refreshToken', 'tokenType']);
      assert.equal(body.tokenType, 'Bearer');
      assert.equal(body.expiresIn, 900);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.deepEqual((await send('/auth/me', { token: body.accessToken })).body, account);
    });

    it('says the same of a wrong password and of an unknown address', async () => {
      const { email } = await registered();
      const wrong = await post('/auth/login', { email, password: 'not this one' });
      const unknown = await post('/auth/login', { email: newEmail(), password });
      assertProblem(wrong, 401);
      assert.deepEqual(unknown.body, wrong.body);
    });

    it('names the fields that are missing', async () => {
      assertProblem(await post('/auth/login', {}), 422, 'email', 'password');
    });
  });

  describe('an access token', () => {
    it('is needed, and must be genuine and in time', async () => {
      const claims = { sub: randomUUID(), role: 'user' } as const;
      const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const unsigned = `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`;
      const hs512 = `${encoded({ alg: 'HS512', typ: 'JWT' })}.${encoded(claims)}`;
      const otherAlgorithm = `${hs512}.${createHmac('sha512', backend.jwtSecret).update(hs512).digest('base64url')}`;
      const bad = {
        none: undefined,
        text: 'nonsense',
        unsigned,
        otherAlgorithm,
        otherSecret: accessToken('another secret of more than 32 characters', claims),
        expired: accessToken(backend.jwtSecret, { ...claims, expiresIn: -60 }),
        ofNobody: accessToken(backend.jwtSecret, claims),
      };
      for (const [kind, token] of Object.entries(bad)) {
        const answer = await send('/auth/me', { token });
        assert.equal(answer.status, 401, kind);
        assertProblem(answer, 401);
      }
    });

    it('of a service is not one of a user', async () => {
      const token = accessToken(backend.jwtSecret, { sub: 'service:admin', role: 'service' });
      assertProblem(await send('/auth/me', { token }), 403);
    });
  });

  describe('a refresh token', () => {
    it('is exchanged for new tokens, which work', async () => {
      const { account, tokens } = await registered();
      const { status, body } = await post('/auth/refresh', { refreshToken: tokens.refreshToken });
      assert.equal(status, 200);
      assert.notEqual(body.refreshToken, tokens.refreshToken);
      assert.deepEqual((await send('/auth/me', { token: body.accessToken })).body, account);
      assert.equal((await post('/auth/refresh', { refreshToken: body.refreshToken })).status, 200);
    });

    it('used twice voids its whole family, and no other', async () => {
      const { email, tokens } = await registered();
      const { body: elsewhere } = await post('/auth/login', { email, password });
      const { body: successor } = await post('/auth/refresh', { refreshToken: tokens.refreshToken });
      assertProblem(await post('/auth/refresh', { refreshToken: tokens.refreshToken }), 401);
      assertProblem(await post('/auth/refresh', { refreshToken: successor.refreshToken }), 401);
      assert.equal((await post('/auth/refresh', { refreshToken: elsewhere.refreshToken })).status, 200);
    });

    it('used several times at once is exchanged at most once', async () => {
      const { tokens } = await registered();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => post('/auth/refresh', { refreshToken: tokens.refreshToken })),
      );
      const exchanged = answers.filter(({ status }) => status === 200);
      assert.equal(exchanged.length, 1);
      assertProblem(await post('/auth/refresh', { refreshToken: exchanged[0]?.body.refreshToken }), 401);
    });

    it('that was never given is refused', async () => {
      assertProblem(await post('/auth/refresh', { refreshToken: 'nonsense' }), 401);
      assertProblem(await post('/auth/refresh', { refreshToken: '' }), 422, 'refreshToken');
      assertProblem(await post('/auth/refresh', {}), 422, 'refreshToken');
    });

    it('is kept in Redis as a hash only, and for a time', async () => {
      const { tokens } = await registered();
      const keys = await backend.redis.keys('refresh:*');
      assert.ok(keys.length > 0);
      for (const key of keys) {
        assert.ok((await backend.redis.ttl(key)) > 0);
        const kept = [key, ...Object.values(await backend.redis.hgetall(key))];
        for (const part of tokens.refreshToken.split('.')) assert.ok(!kept.some((text) => text.includes(part)));
      }
    });

    it('is void after logout, but only its owner can log out', async () => {
      const { tokens } = await registered();
      const { tokens: other } = await registered();
      const { refreshToken } = tokens;
      assertProblem(await post('/auth/logout', { refreshToken }), 401);
      assert.equal((await post('/auth/logout', { refreshToken }, other.accessToken)).status, 204);
      const { body: successor } = await post('/auth/refresh', { refreshToken });
      const logout = { refreshToken: successor.refreshToken };
      assert.equal((await post('/auth/logout', logout, tokens.accessToken)).status, 204);
      assert.equal((await post('/auth/logout', logout, tokens.accessToken)).status, 204);
      assertProblem(await post('/auth/refresh', logout), 401);
    });
  });

  describe('what other services read', () => {
    const asService = () => accessToken(backend.jwtSecret, { sub: 'service:admin', role: 'service' });

    it('is for services only', async () => {
      const { tokens } = await registered();
      const { body: admin } = await post('/auth/login', backend.admin);
      for (const path of ['/internal/users', `/internal/users/${randomUUID()}`]) {
        assertProblem(await send(path), 401);
        assertProblem(await send(path, { token: tokens.accessToken }), 403);
        assertProblem(await send(path, { token: admin.accessToken }), 403);
      }
    });

    it('lists all users newest first, page by page', async () => {
      await Promise.all(Array.from({ length: 5 }, registered));
      const { rows } = await database.query('SELECT id FROM accounts ORDER BY created_at DESC, id DESC');
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page = await send(`/internal/users?limit=2${cursor && `&cursor=${cursor}`}`, { token: asService() });
        assert.equal(page.status, 200);
        assert.ok(page.body.items.length <= 2);
        seen.push(...page.body.items.map(({ id }: { id: string }) => id));
        cursor = page.body.nextCursor;
      }
      assert.deepEqual(
        seen,
        rows.map(({ id }) => id),
      );
    });

    it('gives one user, and names what does not fit', async () => {
      const { account } = await registered();
      const token = asService();
      assert.deepEqual((await send(`/internal/users/${account.id}`, { token })).body, account);
      assertProblem(await send(`/internal/users/${randomUUID()}`, { token }), 404);
      assertProblem(await send('/internal/users/7', { token }), 422, 'id');
      assertProblem(await send('/internal/users?limit=0', { token }), 422, 'limit');
      assertProblem(await send('/internal/users?limit=ten', { token }), 422, 'limit');
      assertProblem(await send('/internal/users?cursor=nonsense', { token }), 422, 'cursor');
    });
  });

  describe('the admin account', () => {
    it('exists from the start, after each start, and always with the password of the environment', async () => {
      const again = await backend.start('auth');
      assert.equal((await call(`${again.url}/auth/login`, { method: 'POST', body: backend.admin })).status, 200);

      const body = { ...backend.admin, password: 'another admin password' };
      const changed = await backend.start('auth', { ADMIN_PASSWORD: body.password });
      const { body: tokens } = await call(`${changed.url}/auth/login`, { method: 'POST', body });
      assert.equal((await send('/auth/me', { token: tokens.accessToken })).body.role, 'admin');
      assertProblem(await post('/auth/login', backend.admin), 401);
      await backend.start('auth');
    });
  });

  it('answers 404 for a path that it does not have', async () => {
    assertProblem(await send('/auth/nothing'), 404);
    assertProblem(await send('/auth/register'), 404);
  });

  it('goes on when the database closes its connections', async () => {
    await send('/health/ready');
    await database.query(
      `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = 'auth' AND pid <> pg_backend_pid()`,
    );
    await until('the service is ready', async () => (await send('/health/ready')).status === 200);
    assert.equal((await post('/auth/login', backend.admin)).status, 200);
  });

  it('answers 503 for what needs a session while Redis is away, and goes on when it is back', async () => {
    const redis = await ownRedis();
    const own = await backend.start('auth', { REDIS_URL: redis.url });
    const login = () => call(`${own.url}/auth/login`, { method: 'POST', body: backend.admin });
    const readiness = async () => (await call(`${own.url}/health/ready`)).status;
    const { body: tokens } = await login();
    await redis.stop();
    await until('it is not ready', async () => (await readiness()) === 503);
    assertProblem(await login(), 503);
    const refresh = { method: 'POST', body: { refreshToken: tokens.refreshToken } };
    assertProblem(await call(`${own.url}/auth/refresh`, refresh), 503);
    assert.equal((await call(`${own.url}/auth/me`, { token: tokens.accessToken })).status, 200);
    await redis.startAgain();
    await until('it is ready again', async () => (await readiness()) === 200);
    assert.equal((await login()).status, 200);
    await redis.stop();
  });

  it('writes neither passwords nor tokens nor addresses into its log', async () => {
    const { email, tokens } = await registered();
    await send('/auth/me', { token: tokens.accessToken });
    await post('/auth/refresh', { refreshToken: tokens.refreshToken });
    await service.stop();
    const log = service.stdout();
    assert.match(log, /\/auth\/refresh/);
    for (const secret of [password, email, tokens.accessToken, tokens.refreshToken]) {
      assert.ok(!log.includes(secret));
    }
    for (const line of log.trim().split('\n')) JSON.parse(line);
  });
});
