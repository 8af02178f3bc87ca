import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import { accessToken, call } from './support/api-client.ts';
import { type Backend, startBackend } from './support/backend.ts';
import { type PrintedSpan, printedSpans } from './support/printed-spans.ts';
import { useAgent } from './support/service.ts';
import { until } from './support/until.ts';

useAgent();

interface Span extends PrintedSpan {
  readonly service: string;
}

const spansOf = ({ name: service, stdout }: Service): Span[] =>
  printedSpans(stdout()).map((span) => ({ service, ...span }));

let backend: Backend;
let payments: Service;
let gateway: Service;
before(async () => {
  backend = await startBackend();
  const env = { OTEL_TRACES_EXPORTER: 'console' };
  payments = await backend.start('payments', env);
  gateway = await backend.start('api-gateway', env);
});
after(() => backend?.stop());

test('OTEL_TRACES_EXPORTER=console prints one request as one trace: http, Redis and PostgreSQL', async () => {
  const token = accessToken(backend.jwtSecret, { sub: randomUUID(), role: 'user' });
  const headers = { 'idempotency-key': 'a-key' };
  const order = { amount: 1000, currency: 'EUR' };
  const { body } = await call(`${gateway.url}/payments`, { method: 'POST', token, headers, body: order });

  const traceId = randomBytes(16).toString('hex');
  const client = randomBytes(8).toString('hex');
  const traceparent = `00-${traceId}-${client}-01`;
  const answer = await call(`${gateway.url}/payments/${body.id}`, { token, headers: { traceparent } });
  assert.equal(answer.status, 200);

  let spans: Span[] = [];
  const withoutParent = () => {
    const ids = new Set([client, ...spans.map(({ id }) => id)]);
    return spans.filter(({ parent = '' }) => !ids.has(parent));
  };
  // Each service prints when its own time has come; a span ends, and is printed, no sooner than those within it.
  await until('both services have printed, and each span has its parent in the trace', async () => {
    spans = [gateway, payments].flatMap(spansOf).filter((span) => span.traceId === traceId);
    const isWhole =
      spans.some(({ parent }) => parent === client) && spans.some(({ service }) => service === 'payments');
    return isWhole && withoutParent().length === 0;
  });
  const libraries = new Set(spans.map(({ service, library }) => `${service} ${library}`));
  assert.deepEqual([...libraries].sort(), [
    'api-gateway http',
    'api-gateway ioredis',
    'payments http',
    'payments ioredis',
    'payments pg',
  ]);
  const named = (pattern: RegExp) => spans.filter(({ name }) => pattern.test(name)).length;
  assert.equal(named(/^GET \/payments\/:id$/), 2, 'both services name the request after its route');
  assert.equal(named(/SELECT/), 1, 'one query');
  assert.equal([gateway, payments].map(({ stderr }) => stderr()).join(''), '');
});
