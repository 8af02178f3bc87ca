import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import type { GetMessage } from 'amqplib';
import type pg from 'pg';
import { accessToken, call } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { madeUpEvent, type OwnRabbitmq, overhear, ownRabbitmq, publish } from './support/own-rabbitmq.ts';
import { Payer } from './support/payments-api.ts';
import { until } from './support/until.ts';

let backend: Backend;
let rabbitmq: OwnRabbitmq;
let databases: Record<'payments' | 'profile' | 'admin', pg.Pool>;
let payments: Service;
let profile: Service;
let admin: Service;

before(async () => {
  [backend, rabbitmq] = await Promise.all([startBackend(), ownRabbitmq()]);
  databases = {
    payments: backend.database('payments'),
    profile: backend.database('profile'),
    admin: backend.database('admin'),
  };
  const env = { AMQP_URL: rabbitmq.url };
  payments = await backend.start('payments', env);
  profile = await backend.start('profile', env);
  admin = await backend.start('admin', env);
  await until('RabbitMQ is connected', async () =>
    (await Promise.all([payments, profile, admin].map(isUp))).every(Boolean),
  );
});
after(async () => {
  await backend?.stop();
  await rabbitmq?.stop();
});

const newPayer = () => new Payer(() => payments.url, backend.jwtSecret);
const readiness = ({ url }: Service) => call(`${url}/health/ready`);
const isUp = async (service: Service) => (await readiness(service)).body.checks.rabbitmq === 'up';

/** What profile and admin have made of a user's events. */
async function effectsOn(userId: string) {
  const token = accessToken(backend.jwtSecret, { sub: userId, role: 'user' });
  const { body } = await call(`${profile.url}/profile/payments`, { token });
  const { rows } = await databases.admin.query(
    'SELECT id, type, payment_id FROM activity WHERE user_id = $1 ORDER BY at, type',
    [userId],
  );
  return { sums: body.items.map(({ lastChangeAt: _, ...sums }: { lastChangeAt: string }) => sums), activity: rows };
}

/** Waits until admin and profile have that many events and payments of a user. */
const arrived = (userId: string, events: number, count: number) =>
  until(`${events} events of ${userId}`, async () => {
    const { sums, activity } = await effectsOn(userId);
    return activity.length >= events && sums[0]?.count >= count;
  });

const waiting = async () => {
  const { rows } = await databases.payments.query('SELECT count(*) AS count FROM outbox');
  return Number(rows[0].count);
};

/** An event is taken out of the outbox a little after it is published. */
const nothingWaits = () => until('the outbox is empty', async () => (await waiting()) === 0);

/** The next message in a queue of the dead, once there is one. */
async function nextDead(queue: string): Promise<GetMessage> {
  return rabbitmq.onChannel(async (channel) => {
    let message: GetMessage | false = false;
    await until(`a message in ${queue}`, async () => {
      message = await channel.get(queue, { noAck: true });
      return message !== false;
    });
    return message as unknown as GetMessage;
  });
}

const linesOf = (service: Service, pattern: RegExp) =>
  service
    .stdout()
    .split('\n')
    .filter((line) => pattern.test(line));

/** Waits until a service has logged as many such lines, and fails when there are more. */
async function untilLogged(service: Service, pattern: RegExp, count: number): Promise<void> {
  await until(`${count} × ${pattern} in the log`, () => linesOf(service, pattern).length >= count);
  assert.equal(linesOf(service, pattern).length, count, service.stdout());
}

describe('an event', () => {
  test('comes of each change of a payment, once, and profile and admin have made of it what they should', async () => {
    await rabbitmq.onChannel(async (channel) => {
      const heard = await overhear(channel);
      const payer = newPayer();
      const [refunded, canceled] = [await payer.payment('authorized'), await payer.payment('canceled')];
      await payer.post(`/payments/${refunded}/capture`);
      for (const amount of [300, 200]) await payer.post(`/payments/${refunded}/refunds`, { amount });
      await arrived(payer.id, 6, 2);
      await until('both have the last event', async () => (await effectsOn(payer.id)).sums[0].refunded === 500);
      const { sums, activity } = await effectsOn(payer.id);
      assert.deepEqual(sums, [{ currency: 'EUR', count: 2, captured: 1000, refunded: 500 }]);
      const types = ['authorized', 'authorized', 'canceled', 'captured', 'partially_refunded', 'partially_refunded'];
      assert.deepEqual(
        activity.map(({ type, payment_id }) => [type, payment_id].join(' ')).sort(),
        types.map((type, index) => `payment.${type} ${index === 1 || index === 2 ? canceled : refunded}`).sort(),
      );
      await nothingWaits();
      assert.equal(heard.length, 6);
    });
  });

  test('does not come of what is refused, nor of a request that comes again', async () => {
    const payer = newPayer();
    const key = randomUUID();
    const order = { amount: 1000, currency: 'EUR' };
    const { body } = await payer.post('/payments', order, key);
    await payer.post('/payments', order, key);
    await payer.post('/payments', { ...order, amount: 0 });
    await payer.post(`/payments/${body.id}/refunds`);
    await payer.post(`/payments/${body.id}/capture`);
    await payer.post(`/payments/${body.id}/cancel`);
    await arrived(payer.id, 2, 1);
    await nothingWaits();
    assert.equal((await effectsOn(payer.id)).activity.length, 2);
  });

  test('is published once when several instances of payments share the outbox', async (t) => {
    const second = await backend.start('payments', { AMQP_URL: rabbitmq.url });
    t.after(() => second.stop());
    await until('the second is connected', () => isUp(second));
    await rabbitmq.onChannel(async (channel) => {
      const heard = await overhear(channel);
      const payer = newPayer();
      const other = new Payer(() => second.url, backend.jwtSecret);
      await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? payer : other).payment('captured')));
      await arrived(payer.id, 20, 20);
      await arrived(other.id, 20, 20);
      await nothingWaits();
      assert.equal(heard.length, 40);
      assert.equal(new Set(heard.map(({ properties }) => properties.messageId)).size, 40);
    });
  });

  test('that comes again, or too late, changes nothing', async () => {
    const payer = newPayer();
    await rabbitmq.onChannel(async (channel) => {
      const heard = await overhear(channel);
      await payer.payment('refunded');
      await arrived(payer.id, 2, 1);
      const before = await effectsOn(payer.id);
      assert.deepEqual(before.sums, [{ currency: 'EUR', count: 1, captured: 1000, refunded: 1000 }]);
      for (const { content } of heard.slice(0, 2).toReversed()) await publish(channel, content.toString());
      const last = newPayer();
      await publish(channel, madeUpEvent(randomUUID(), last.id));
      await arrived(last.id, 1, 1);
      assert.deepEqual(await effectsOn(payer.id), before);
    });
  });

  test('that was published and could not be deleted is published again, and counts once', async () => {
    const database = databases.payments;
    await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE CONSTRAINT TRIGGER refused AFTER DELETE ON outbox DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await rabbitmq.onChannel(async (channel) => {
      const heard = await overhear(channel);
      const payer = newPayer();
      await payer.payment('captured');
      await arrived(payer.id, 1, 1);
      assert.equal(await waiting(), 1);
      await database.query('DROP TRIGGER refused ON outbox');
      await payments.stop();
      payments = await backend.start('payments', { AMQP_URL: rabbitmq.url });
      await nothingWaits();
      assert.ok(heard.length >= 2, `${heard.length} messages`);
      assert.equal(new Set(heard.map(({ properties }) => properties.messageId)).size, 1);
      const last = newPayer();
      await last.payment('captured');
      await arrived(last.id, 1, 1);
      const { sums, activity } = await effectsOn(payer.id);
      assert.deepEqual([sums[0].count, activity.length], [1, 1]);
    });
  });
});

describe('a message that cannot be handled', () => {
  test('and is no event goes to the dead at once, and the service says so', async () => {
    await rabbitmq.onChannel((channel) => publish(channel, 'no event'));
    for (const [service, queue] of [
      [profile, 'profile.payments'],
      [admin, 'admin.payments'],
    ] as const) {
      const { content, properties } = await nextDead(`${queue}.dead`);
      assert.equal(content.toString(), 'no event');
      assert.equal(properties.headers?.['x-death']?.[0]?.reason, 'rejected');
      await untilLogged(service, new RegExp(`no event of a payment; it goes to ${queue}.dead`), 1);
    }
  });

  test('goes there after six tries, and is not in the way of others', async () => {
    const [bad, good] = [randomUUID(), randomUUID()];
    await rabbitmq.onChannel(async (channel) => {
      // PostgreSQL holds no NUL.
      await publish(channel, madeUpEvent(bad, bad, { currency: '\0' }));
      await publish(channel, madeUpEvent(good, good));
    });
    await arrived(good, 1, 1);
    const { content, properties } = await nextDead('profile.payments.dead');
    assert.equal(JSON.parse(content.toString()).id, bad);
    assert.equal(properties.headers?.['x-death']?.[0]?.reason, 'delivery_limit');
    await untilLogged(profile, /could not be handled/, 6);
    const tries = linesOf(profile, /could not be handled/).map((line) => JSON.parse(line).tries);
    assert.deepEqual(tries, [1, 2, 3, 4, 5, 6]);
    await nextDead('admin.payments.dead');
  });

  test('because the database is away is held until it is back', async () => {
    const own = databases.payments;
    const earlier = linesOf(profile, /could not be handled/).length;
    await own.query('ALTER DATABASE profile ALLOW_CONNECTIONS false');
    await own.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'profile'`);
    const id = randomUUID();
    await rabbitmq.onChannel((channel) => publish(channel, madeUpEvent(id, id)));
    await untilLogged(profile, /could not be handled/, earlier + 1);
    await until('the service is not ready', async () => (await readiness(profile)).status === 503);
    await own.query('ALTER DATABASE profile ALLOW_CONNECTIONS true');
    await arrived(id, 1, 1);
    assert.equal(linesOf(profile, /could not be handled/).length, earlier + 1);
  });
});

describe('while RabbitMQ is away', () => {
  test('services work, say so once, and events wait; all come when it is back', async () => {
    await rabbitmq.takeAway();
    await until(
      'all have noticed',
      async () => !(await Promise.all([payments, profile, admin].map(isUp))).some(Boolean),
    );
    const payer = newPayer();
    for (let n = 0; n < 5; n++) await payer.payment('captured');
    assert.equal(await waiting(), 5);
    for (const service of [payments, profile, admin]) {
      const { status, body } = await readiness(service);
      assert.deepEqual([status, body.status, body.checks.rabbitmq], [200, 'ready', 'down']);
      await untilLogged(service, /RabbitMQ cannot be reached/, 1);
    }
    await rabbitmq.bringBack();
    await arrived(payer.id, 5, 5);
    await nothingWaits();
    assert.equal((await effectsOn(payer.id)).activity.length, 5);
    for (const service of [payments, profile, admin]) assert.equal(service.stderr(), '');
  });

  test('an event outlives the service that has committed it', async () => {
    await rabbitmq.takeAway();
    const payer = newPayer();
    await payer.payment('captured');
    payments.kill('SIGKILL');
    await payments.exited;
    assert.equal(await waiting(), 1);
    await rabbitmq.bringBack();
    payments = await backend.start('payments', { AMQP_URL: rabbitmq.url });
    await arrived(payer.id, 1, 1);
  });

  test('a service stops as ever', async () => {
    const service = await backend.start('profile', { AMQP_URL: 'amqp://127.0.0.1:1' });
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.equal(service.stderr(), '');
  });
});

test('a service that is asked to stop finishes the event that it has begun', async () => {
  const lock = await databases.profile.connect();
  await lock.query('BEGIN; LOCK TABLE payments');
  const id = randomUUID();
  await rabbitmq.onChannel((channel) => publish(channel, madeUpEvent(id, id)));
  const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = 'profile' AND wait_event_type = 'Lock'`;
  await until('the event waits', async () => (await databases.admin.query(waits)).rowCount === 1);
  const stopping = profile.stop();
  await untilLogged(profile, /"stopping"/, 1);
  await lock.query('COMMIT');
  lock.release();
  assert.deepEqual(await stopping, { code: 0, signal: null });
  assert.equal((await databases.profile.query('SELECT 1 FROM payments WHERE id = $1', [id])).rowCount, 1);
  const { messageCount } = await rabbitmq.onChannel((channel) => channel.checkQueue('profile.payments'));
  assert.equal(messageCount, 0);
});

test('without AMQP_URL a service says so in one line, is ready, and events wait', async () => {
  await payments.stop();
  payments = await backend.start('payments');
  const payer = newPayer();
  await payer.payment('captured');
  assert.equal(await waiting(), 1);
  assert.deepEqual((await readiness(payments)).body, { status: 'ready', checks: { database: 'up', redis: 'up' } });
  await untilLogged(payments, /AMQP_URL is not set/, 1);
  assert.equal(payments.stderr(), '');
});

test('an AMQP_URL that is none is named, and not shown', async () => {
  const starting = backend.start('payments', { AMQP_URL: 'http://guest:hunter2@localhost' });
  await assert.rejects(starting, (error: Error) => {
    assert.match(error.message, /AMQP_URL has a bad value \(not shown\): expected a URL that starts with amqp:/);
    return !/hunter2/.test(error.message);
  });
});

test('the activity is for admins, newest first, page by page', async () => {
  const ask = (query: string, role: 'admin' | 'user' = 'admin') =>
    call(`${admin.url}/admin/activity${query}`, { token: accessToken(backend.jwtSecret, { sub: randomUUID(), role }) });
  assert.equal((await ask('', 'user')).status, 403);
  const { body: all } = await ask('?limit=100');
  const times = all.items.map(({ at }: { at: string }) => at);
  assert.deepEqual(times, times.toSorted().toReversed());
  const { body: first } = await ask('?limit=3');
  const { body: second } = await ask(`?limit=3&cursor=${first.nextCursor}`);
  assert.deepEqual([...first.items, ...second.items], all.items.slice(0, 6));
  const { id: _id, at: _at, paymentId: _payment, userId: _user, ...rest } = all.items[0];
  assert.deepEqual(Object.keys(rest).sort(), ['amount', 'currency', 'refundedAmount', 'type']);
});
