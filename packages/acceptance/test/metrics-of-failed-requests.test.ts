import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import { accessToken, call } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { lockPayment } from './support/locked-payment.ts';
import {
  errorCounts,
  increase,
  type MetricsPage,
  requestCounts,
  scrape,
  scrapeAtRest,
} from './support/metrics-page.ts';
import { useAgent } from './support/service.ts';
import { until } from './support/until.ts';
import { ok, startUpstream, type Upstream } from './support/upstream.ts';

useAgent();

const samePort = { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' };
const pageOf = (service: Service) => scrapeAtRest(`${service.url}/metrics`);
const ended = (page: MetricsPage) =>
  page.values(
    'http_server_request_duration_seconds_count',
    'http_request_method',
    'http_route',
    'http_response_status_code',
    'error_type',
  );

function assertCounted(earlier: MetricsPage, later: MetricsPage, line: string, status: string, error: string) {
  assert.deepEqual(increase(requestCounts(earlier), requestCounts(later)), { [`${line} ${status}`]: 1 });
  assert.deepEqual(increase(ended(earlier), ended(later)), { [`${line} ${status} ${error}`]: 1 });
  const errors = error === '–' ? {} : { [`${line} ${error}`]: 1 };
  assert.deepEqual(increase(errorCounts(earlier), errorCounts(later)), errors);
}

/** The value of a gauge once it is that; how it is labelled does not matter. */
async function untilGauge(service: Service, name: string, value: number) {
  await until(`${name} of ${service.name} is ${value}`, async () => {
    const page = await scrape(`${service.url}/metrics`);
    return page.samples(name).reduce((sum, sample) => sum + sample.value, 0) === value;
  });
}

let backend: Backend;
before(async () => {
  backend = await startBackend();
});
after(() => backend?.stop());

/** A request over a connection that the test can break. */
async function open(service: Service, ...head: string[]): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write([...head, 'Host: localhost', `Authorization: Bearer ${newToken()}`, '', ''].join('\r\n'));
  return socket;
}

const newToken = () => accessToken(backend.jwtSecret, { sub: randomUUID(), role: 'user' });

describe('the gateway', () => {
  let upstream: Upstream;
  let gateway: Service;

  before(async () => {
    upstream = await startUpstream();
    gateway = await backend.start('api-gateway', {
      ...samePort,
      AUTH_URL: upstream.url,
      PROFILE_URL: upstream.url,
      PAYMENTS_URL: 'http://127.0.0.1:1',
      UPSTREAM_TIMEOUT_MS: '4000',
      RATE_LIMIT_PER_MINUTE: '5',
    });
  });
  afterEach(() => {
    upstream.answer = ok;
  });
  after(() => upstream?.stop());

  /** The next request that reaches the service behind the gateway; it stays unanswered. */
  const held = () =>
    new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
      upstream.answer = (...exchange) => resolve(exchange);
    });

  test('counts an answer of 502 as an error', async () => {
    const earlier = await pageOf(gateway);
    assert.equal((await call(`${gateway.url}/payments/7`, { token: newToken() })).status, 502);
    assertCounted(earlier, await pageOf(gateway), 'GET /payments/:id', '502', '502');
  });

  test('counts an answer of 504 as an error', async () => {
    const earlier = await pageOf(gateway);
    const holding = held();
    assert.equal((await call(`${gateway.url}/profile`, { token: newToken() })).status, 504);
    await holding;
    assertCounted(earlier, await pageOf(gateway), 'GET /profile', '504', '504');
  });

  test('counts what the service behind it answers with 500 as an error', async () => {
    upstream.answer = (_request, response) => response.writeHead(500).end();
    const earlier = await pageOf(gateway);
    assert.equal((await call(`${gateway.url}/profile`, { token: newToken() })).status, 500);
    assertCounted(earlier, await pageOf(gateway), 'GET /profile', '500', '500');
  });

  test('counts a client that sends too much as no error, and without a route', async () => {
    const token = newToken();
    for (let request = 0; request < 5; request++) await call(`${gateway.url}/profile`, { token });
    const earlier = await pageOf(gateway);
    assert.equal((await call(`${gateway.url}/profile`, { token })).status, 429);
    assertCounted(earlier, await pageOf(gateway), 'GET –', '429', '–');
  });

  test('counts a request that the client gives up as aborted, without a status, once', async () => {
    const earlier = await pageOf(gateway);
    const holding = held();
    const socket = await open(gateway, 'GET /profile HTTP/1.1');
    const [, response] = await holding;
    await untilGauge(gateway, 'http_server_active_requests', 1);
    socket.destroy();
    if (!response.destroyed) await once(response, 'close');
    assertCounted(earlier, await pageOf(gateway), 'GET /profile', '–', 'aborted');
  });

  test('counts an answer that the client gives up in the middle as aborted, with the status that it had', async () => {
    const earlier = await pageOf(gateway);
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('the beginning');
    };
    const socket = await open(gateway, 'GET /profile HTTP/1.1');
    await once(socket, 'data');
    socket.destroy();
    assertCounted(earlier, await pageOf(gateway), 'GET /profile', '200', 'aborted');
  });

  test('knows its open connections, those without a request too', async () => {
    const name = 'http_server_active_connections';
    const earlier = (await pageOf(gateway)).value(name);
    const sockets = Array.from({ length: 7 }, () => connect(Number(new URL(gateway.url).port), '127.0.0.1'));
    await untilGauge(gateway, name, earlier + 7);
    for (const socket of sockets.splice(0, 3)) socket.destroy();
    await untilGauge(gateway, name, earlier + 4);
    for (const socket of sockets) socket.destroy();
    await untilGauge(gateway, name, earlier);
  });
});

test('a request given up at the gateway is given up at the service behind it, and counted once at both', async () => {
  const payments = await backend.start('payments', samePort);
  const gateway = await backend.start('api-gateway', samePort);
  const options = { method: 'POST', token: newToken(), headers: { 'idempotency-key': 'a-key' } };
  const { body } = await call(`${payments.url}/payments`, { ...options, body: { amount: 1, currency: 'EUR' } });
  const [atGateway, atPayments] = [await pageOf(gateway), await pageOf(payments)];
  const lock = await lockPayment(backend.database('payments'), body.id);

  const client = new AbortController();
  const { signal } = client;
  const headers = { authorization: `Bearer ${options.token}` };
  const answering = fetch(`${gateway.url}/payments/${body.id}/capture`, { method: 'POST', headers, signal });
  await lock.waiting(1);
  client.abort();
  await assert.rejects(answering);
  assertCounted(atGateway, await pageOf(gateway), 'POST /payments/:id/capture', '–', 'aborted');
  assertCounted(atPayments, await pageOf(payments), 'POST /payments/:id/capture', '–', 'aborted');

  // The service goes on with what nobody waits for; its late answer counts for nothing.
  await lock.release();
  await until('the payment is captured', async () => {
    const { rows } = await backend.database('payments').query('SELECT state FROM payments WHERE id = $1', [body.id]);
    return rows[0].state === 'captured';
  });
  assertCounted(atPayments, await pageOf(payments), 'POST /payments/:id/capture', '–', 'aborted');
});

test('a request given up while it is being sent is counted as aborted, without a status', async () => {
  const payments = await backend.start('payments', samePort);
  const earlier = await pageOf(payments);
  const socket = await open(
    payments,
    'POST /payments HTTP/1.1',
    'Content-Type: application/json',
    'Content-Length: 1000',
  );
  socket.write('{"amount":');
  await untilGauge(payments, 'http_server_active_requests', 1);
  socket.destroy();
  assertCounted(earlier, await pageOf(payments), 'POST –', '–', 'aborted');
});
