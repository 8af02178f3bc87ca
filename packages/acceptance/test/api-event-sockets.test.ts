import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import { accessToken, call } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { EventSocket, refusal } from './support/event-socket.ts';
import { madeUpEvent, type OwnRabbitmq, ownRabbitmq, publish } from './support/own-rabbitmq.ts';
import { until } from './support/until.ts';

let backend: Backend;
let rabbitmq: OwnRabbitmq;
let gateway: Service;

before(async () => {
  [backend, rabbitmq] = await Promise.all([startBackend(), ownRabbitmq()]);
  await backend.start('payments', { AMQP_URL: rabbitmq.url });
  gateway = await startGateway();
});
after(async () => {
  await backend?.stop();
  await rabbitmq?.stop();
});

async function startGateway(env: Record<string, string> = {}): Promise<Service> {
  const service = await backend.start('api-gateway', { AMQP_URL: rabbitmq.url, ...env });
  await until('the gateway is connected to RabbitMQ', () => isUp(service));
  return service;
}

const isUp = async ({ url }: Service) => (await call(`${url}/health/ready`)).body.checks.rabbitmq === 'up';

/** A user with a token. */
function newUser(expiresIn = 300) {
  const id = randomUUID();
  const token = accessToken(backend.jwtSecret, { sub: id, role: 'user', expiresIn });
  const headers = () => ({ 'idempotency-key': randomUUID() });
  return {
    id,
    token,
    open: (service = gateway, options = {}) => EventSocket.open(service.url, token, options),
    pay: (service = gateway) => {
      const body = { amount: 1000, currency: 'EUR', capture: true };
      return call(`${service.url}/payments`, { method: 'POST', token, body, headers: headers() });
    },
  };
}

/** So many events of a user, which no service has made, one after the other. */
const madeUpEvents = (userId: string, count: number, payment: object = {}) =>
  rabbitmq.onChannel(async (channel) => {
    for (let n = 0; n < count; n++) await publish(channel, madeUpEvent(randomUUID(), userId, payment));
  });

describe('a WebSocket', () => {
  test("carries the events of the user's own payments, and nobody else's", async () => {
    const [ann, bob] = [newUser(), newUser()];
    const [ofAnn, ofBob] = [await ann.open(), await bob.open()];
    const { body } = await ann.pay();
    await ofAnn.received(1);
    await bob.pay();
    await ofBob.received(1);
    const [{ id, sequence, at, ...event }] = ofAnn.events;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.ok(sequence > 0);
    assert.equal(new Date(at).toISOString(), at);
    assert.deepEqual(event, { type: 'payment.captured', payment: body });
    assert.deepEqual([ofAnn.events.length, ofBob.events.length], [1, 1]);
    assert.equal(ofBob.events[0].payment.userId, bob.id);
  });

  test('has the events whichever gateway it is at, and each window of a user has them', async () => {
    const other = await startGateway();
    const ann = newUser();
    const sockets = [await ann.open(), await ann.open(), await ann.open(other)];
    await ann.pay();
    for (const socket of sockets) await socket.received(1);
    assert.equal(new Set(sockets.map(({ events }) => events[0].id)).size, 1);
    await other.stop();
  });

  test('speaks payment-events, and the token is neither answered nor logged', async () => {
    const ann = newUser();
    const { client } = await ann.open();
    assert.equal(client.protocol, 'payment-events');
    assert.doesNotMatch(gateway.stdout(), new RegExp(ann.token.split('.')[2] ?? ''));
  });

  test('is pushed to again after RabbitMQ was away', async () => {
    const ann = newUser();
    const socket = await ann.open();
    await rabbitmq.takeAway();
    await until('the gateway has noticed', async () => !(await isUp(gateway)));
    assert.equal((await call(`${gateway.url}/health/ready`)).status, 200);
    await rabbitmq.bringBack();
    await until('the gateway is connected again', () => isUp(gateway));
    await ann.pay();
    await socket.received(1);
  });

  test('survives a message that is no event', async () => {
    const ann = newUser();
    const socket = await ann.open();
    await rabbitmq.onChannel((channel) => publish(channel, '{"payment":'));
    await ann.pay();
    await socket.received(1);
  });

  test('whose client says something is left alone, and one whose client says too much is closed', async () => {
    const [ann, bob] = [newUser(), newUser()];
    const [quiet, loud] = [await ann.open(), await bob.open()];
    quiet.client.send('ping');
    loud.client.send('x'.repeat(2_000));
    assert.equal(await loud.closed, 1009);
    await ann.pay();
    await quiet.received(1);
  });
});

describe('a WebSocket is refused', () => {
  const token = (claims: { role?: 'user' | 'service'; expiresIn?: number } = {}) =>
    accessToken(backend.jwtSecret, { sub: randomUUID(), role: 'user', ...claims });
  const cases: [what: string, status: number, path: string, protocols: () => string[]][] = [
    ['without a token', 401, '/events', () => ['payment-events']],
    ['with a token in the query', 401, '/events?token=', () => ['payment-events']],
    ['with a token that is none', 401, '/events', () => ['payment-events', 'bearer.nonsense']],
    ['with an expired token', 401, '/events', () => ['payment-events', `bearer.${token({ expiresIn: -60 })}`]],
    ['with a token signed by somebody else', 401, '/events', () => ['payment-events', `bearer.${foreignToken}`]],
    ['without the protocol', 401, '/events', () => [`bearer.${token()}`]],
    ['to a service', 403, '/events', () => ['payment-events', `bearer.${token({ role: 'service' })}`]],
    ['at any other path', 404, '/payments', () => ['payment-events', `bearer.${token()}`]],
  ];
  const foreignToken = accessToken('x'.repeat(32), { sub: randomUUID(), role: 'user' });
  for (const [what, status, path, protocols] of cases) {
    test(`${what}: ${status}`, async () => {
      const url = `${gateway.url}${path}${path.endsWith('=') ? token() : ''}`;
      const answer = await refusal(url, protocols());
      assert.deepEqual([answer.status, answer.type, answer.body.status], [status, 'application/problem+json', status]);
      assert.ok(answer.body.detail);
    });
  }

  test('to a user who has twenty: 429, until one is closed', async () => {
    const ann = newUser();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => ann.open()));
    const url = `${gateway.url}/events`;
    const protocols = ['payment-events', `bearer.${ann.token}`];
    assert.equal((await refusal(url, protocols)).status, 429);
    sockets[0]?.client.terminate();
    await until('there is room again', async () =>
      ann.open().then(
        () => true,
        () => false,
      ),
    );
    for (const { client } of sockets) client.terminate();
  });
});

test('a request that offers HTTP/2 is answered as any other, or told why not by a Node.js that does not ask', async () => {
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  const asking = httpRequest(`${gateway.url}/payments`, { headers }).end();
  const [response] = await once(asking, 'response');
  response.resume();
  const asks = 'shouldUpgradeCallback' in createServer();
  assert.equal(response.statusCode, asks ? 401 : 400);
});

describe('a WebSocket is closed', () => {
  test('when its token expires', async () => {
    assert.equal(await (await newUser(4).open()).closed, 1008);
  });

  test('when its client answers no ping, and no other', async () => {
    const pinging = await startGateway({ WEBSOCKET_PING_SECONDS: '2' });
    const [ann, bob] = [newUser(), newUser()];
    const answering = await ann.open(pinging);
    const silent = await bob.open(pinging, { autoPong: false });
    assert.equal(await silent.closed, 1006);
    await until('two more pings', async () => answering.pings >= 4);
    await ann.pay(pinging);
    await answering.received(1);
    await pinging.stop();
  });

  test('when its client does not read, which others do not feel', async () => {
    const [slow, ann] = [newUser(), newUser()];
    const [stuck, socket] = [await slow.open(), await ann.open()];
    stuck.client.pause();
    const description = 'x'.repeat(1024 * 1024);
    await madeUpEvents(slow.id, 20, { description });
    await ann.pay();
    await socket.received(1);
    stuck.client.resume();
    assert.equal(await stuck.closed, 1006);
    assert.ok(stuck.events.length < 20, `${stuck.events.length} events`);
  });

  test('when the gateway stops, which ends as ever', async () => {
    const stopping = await startGateway();
    const sockets = await Promise.all(Array.from({ length: 3 }, () => newUser().open(stopping)));
    const unwilling = await newUser().open(stopping);
    unwilling.client.pause();
    assert.deepEqual(await stopping.stop(), { code: 0, signal: null });
    for (const { closed } of sockets) assert.equal(await closed, 1001);
    assert.equal(stopping.stderr(), '');
    unwilling.client.terminate();
  });
});
