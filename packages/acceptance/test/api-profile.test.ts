import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Service } from '@payments/local-stack';
import type pg from 'pg';
import { accessToken, type Call, call, fieldsAtFault } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { ownRedis } from './support/own-redis.ts';
import { until } from './support/until.ts';

describe('profile', () => {
  let backend: Backend;
  let service: Service;
  let database: pg.Pool;

  before(async () => {
    backend = await startBackend();
    service = await backend.start('profile');
    database = backend.database('profile');
  });
  after(() => backend?.stop());

  function newUser() {
    const id = randomUUID();
    const token = accessToken(backend.jwtSecret, { sub: id, role: 'user' });
    const send = (path: string, options?: Call) => call(`${service.url}${path}`, { token, ...options });
    return {
      id,
      get: (path: string) => send(path),
      put: (body: unknown) => send('/profile', { method: 'PUT', body }),
      patch: (body: unknown) => send('/profile/preferences', { method: 'PATCH', body }),
    };
  }

  it('is empty and preferences are the defaults for a user who saved none', async () => {
    const user = newUser();
    const profile = await user.get('/profile');
    assert.equal(profile.status, 200);
    assert.deepEqual(profile.body, { userId: user.id, displayName: null, phone: null, address: null, updatedAt: null });
    const preferences = await user.get('/profile/preferences');
    assert.equal(preferences.status, 200);
    assert.deepEqual(preferences.body, { language: 'en', currency: 'EUR', newsletter: false, updatedAt: null });
  });

  it('is what was saved last, read again and again', async () => {
    const user = newUser();
    await user.get('/profile');
    for (const displayName of ['Ann', 'Anna']) {
      const { status, body } = await user.put({ displayName, phone: '+43 1 234567', address: 'Main Street 1' });
      assert.equal(status, 200);
      const { updatedAt, ...rest } = body;
      assert.deepEqual(rest, { userId: user.id, displayName, phone: '+43 1 234567', address: 'Main Street 1' });
      assert.equal(new Date(updatedAt).toISOString(), updatedAt);
      for (let reading = 0; reading < 3; reading++) assert.deepEqual((await user.get('/profile')).body, body);
    }
  });

  it('loses what a later PUT leaves out', async () => {
    const user = newUser();
    await user.put({ displayName: 'Ann', phone: '+43 1 234567' });
    await user.put({ displayName: 'Ann' });
    assert.equal((await user.get('/profile')).body.phone, null);
  });

  it('keeps the preferences that a PATCH leaves out', async () => {
    const user = newUser();
    await user.get('/profile/preferences');
    await user.patch({ language: 'de-AT' });
    const { status, body } = await user.patch({ newsletter: true });
    assert.equal(status, 200);
    assert.deepEqual(
      { ...body, updatedAt: null },
      {
        language: 'de-AT',
        currency: 'EUR',
        newsletter: true,
        updatedAt: null,
      },
    );
    assert.deepEqual((await user.get('/profile/preferences')).body, body);
  });

  it('belongs to one user: another does not see it', async () => {
    const [ann, bob] = [newUser(), newUser()];
    await ann.put({ displayName: 'Ann' });
    assert.equal((await bob.get('/profile')).body.displayName, null);
  });

  it('is read from Redis the second time, under the keys of the contract', async () => {
    const user = newUser();
    await user.put({ displayName: 'Ann' });
    await user.get('/profile');
    await user.get('/profile/preferences');
    assert.equal(await backend.redis.exists(`profile:${user.id}`, `preferences:${user.id}`), 2);
    assert.ok((await backend.redis.ttl(`profile:${user.id}`)) > 0);
    await database.query(`UPDATE profiles SET display_name = 'behind its back' WHERE user_id = $1`, [user.id]);
    assert.equal((await user.get('/profile')).body.displayName, 'Ann');
  });

  it('names each field that does not fit, and keeps what was there', async () => {
    const user = newUser();
    await user.put({ displayName: 'Ann' });
    await user.patch({ currency: 'USD' });
    const refused = async (answering: ReturnType<typeof user.put>, ...fields: string[]) => {
      const answer = await answering;
      assert.equal(answer.status, 422);
      assert.deepEqual(fieldsAtFault(answer), fields);
    };
    await refused(user.put({}), 'displayName');
    await refused(user.put({ displayName: '' }), 'displayName');
    await refused(user.put({ displayName: 'Eve', phone: 'none' }), 'phone');
    await refused(user.put({ displayName: 'Eve', address: 'x\0' }), 'address');
    await refused(user.put({ displayName: 'Eve', userId: randomUUID() }), 'userId');
    await refused(
      user.patch({ language: 'English', currency: 'euro', newsletter: 'yes' }),
      'language',
      'currency',
      'newsletter',
    );
    await refused(user.patch({ currency: 'XYZ' }), 'currency');
    await refused(user.patch({ colour: 'red' }), 'colour');
    assert.equal((await user.get('/profile')).body.displayName, 'Ann');
    assert.equal((await user.get('/profile/preferences')).body.currency, 'USD');
  });

  it('refuses malformed JSON with 400', async () => {
    assert.equal((await newUser().put('{')).status, 400);
  });

  it('is read and saved while Redis is away', async () => {
    const redis = await ownRedis();
    const own = await backend.start('profile', { REDIS_URL: redis.url });
    const token = accessToken(backend.jwtSecret, { sub: randomUUID(), role: 'user' });
    const send = (options: Call) => call(`${own.url}/profile`, { token, ...options });
    await send({ method: 'PUT', body: { displayName: 'Ann' } });
    await redis.stop();
    await until('it is not ready', async () => (await call(`${own.url}/health/ready`)).status === 503);
    assert.equal((await send({})).body.displayName, 'Ann');
    assert.equal((await send({ method: 'PUT', body: { displayName: 'Anna' } })).status, 200);
    assert.equal((await send({})).body.displayName, 'Anna');
    assert.equal((await call(`${own.url}/health/live`)).status, 200);
  });

  it('wants a token, and one of a user', async () => {
    for (const path of ['/profile', '/profile/preferences']) {
      assert.equal((await call(`${service.url}${path}`)).status, 401);
      const token = accessToken(backend.jwtSecret, { sub: 'service:admin', role: 'service' });
      assert.equal((await call(`${service.url}${path}`, { token })).status, 403);
    }
  });
});
