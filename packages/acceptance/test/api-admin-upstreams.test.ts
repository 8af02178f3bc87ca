import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type pg from 'pg';
import { AdminApi } from './support/admin-api.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

describe('the admin service, when a neighbour', () => {
  let backend: Backend;
  let audit: pg.Pool;
  let neighbour: Upstream;

  before(async () => {
    backend = await startBackend();
    audit = backend.database('admin');
  });
  after(() => backend?.stop());
  beforeEach(async () => {
    neighbour = await startUpstream();
  });
  afterEach(() => neighbour.stop());

  /** An admin service whose payments service is played by the test. */
  async function start(env: Record<string, string> = {}): Promise<AdminApi> {
    const { url } = await backend.start('admin', { PAYMENTS_URL: neighbour.url, ...env });
    return new AdminApi(url, backend.jwtSecret, audit);
  }

  test('is down, answers 502, and when it is slow, 504; both are audited', async () => {
    neighbour.answer = () => {};
    const admin = await start({ AUTH_URL: 'http://127.0.0.1:1', UPSTREAM_TIMEOUT_MS: '1000' });
    const id = randomUUID();
    for (const [path, status] of [
      ['/admin/users', 502],
      ['/admin/payments', 504],
    ] as const) {
      const answer = await admin.ask(path, id);
      assert.equal(answer.status, status);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    }
    assert.deepEqual(await admin.entriesOf(id), [
      { action: 'users.list', target: '/admin/users', outcome: 'upstream_unavailable' },
      { action: 'payments.list', target: '/admin/payments', outcome: 'upstream_timeout' },
    ]);
  });

  test('stops in the middle of its answer, answers 504', async () => {
    neighbour.answer = (_request, response) => void response.write('{"items":[');
    const admin = await start({ UPSTREAM_TIMEOUT_MS: '1000' });
    assert.equal((await admin.ask('/admin/payments')).status, 504);
  });

  test('breaks off in the middle of its answer, answers 502', async () => {
    neighbour.answer = (_request, response) => void response.write('{"items":[', () => response.destroy());
    const admin = await start();
    assert.equal((await admin.ask('/admin/payments')).status, 502);
  });

  for (const [what, status, body] of [
    ['answers 500', 500, '{"detail":"a secret of the neighbour"}'],
    ['does not know our token', 401, '{"detail":"a secret of the neighbour"}'],
    ['answers something that is no JSON', 200, '<html>'],
  ] as const) {
    test(`${what}, answers 502 and tells nothing of it`, async () => {
      neighbour.answer = (_request, response) => void response.writeHead(status).end(body);
      const admin = await start();
      const answer = await admin.ask('/admin/payments');
      assert.equal(answer.status, 502);
      assert.doesNotMatch(JSON.stringify(answer.body), /secret|html/);
    });
  }

  test('is asked, gives it a short-lived service token, the request id and the trace headers', async () => {
    const admin = await start();
    const trace = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=1',
      baggage: 'tenant=7',
      'x-request-id': 'request-4711',
    };
    const answer = await admin.ask('/admin/payments?limit=3', randomUUID(), trace);
    assert.equal(answer.headers.get('x-request-id'), 'request-4711');
    const { url, headers = {} } = neighbour.received[0] ?? {};
    assert.equal(url, '/internal/payments?limit=3');
    for (const [name, value] of Object.entries(trace)) assert.equal(headers[name], value, name);
    const [, payload = ''] = headers.authorization?.split('.') ?? [];
    const { role, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    assert.equal(role, 'service');
    assert.ok(exp - iat <= 300, `${exp - iat} s`);
  });
});
