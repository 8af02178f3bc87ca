import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Service } from '@payments/local-stack';
import { type Backend, startBackend } from './support/backend.ts';
import { lockPayment } from './support/locked-payment.ts';
import { increase, scrape, scrapeAtRest } from './support/metrics-page.ts';
import { Payer } from './support/payments-api.ts';
import { useAgent } from './support/service.ts';
import { until } from './support/until.ts';

useAgent();

let backend: Backend;
let service: Service;
before(async () => {
  backend = await startBackend();
  service = await backend.start('payments', { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' });
});
after(() => backend?.stop());

const page = () => scrape(`${service.url}/metrics`);

async function pool() {
  const now = await page();
  return {
    ...now.values('db_client_connection_count', 'db_client_connection_state'),
    max: now.value('db_client_connection_max'),
    pending: now.value('db_client_connection_pending_requests'),
  };
}

test('the gauges of the pool say how many connections are used and idle, and how many requests wait', async () => {
  const payer = new Payer(() => service.url, backend.jwtSecret);
  const id = await payer.payment('authorized');
  const lock = await lockPayment(backend.database('payments'), id);
  const waits = 'db_client_connection_wait_time_seconds_count';
  const earlier = await scrapeAtRest(`${service.url}/metrics`);
  assert.deepEqual(await pool(), { idle: 1, used: 0, max: 10, pending: 0 });

  const three = Array.from({ length: 3 }, () => payer.call(`/payments/${id}/capture`, { method: 'POST' }));
  await lock.waiting(3);
  assert.deepEqual(await pool(), { idle: 0, used: 3, max: 10, pending: 0 });

  const ten = Array.from({ length: 10 }, () => payer.call(`/payments/${id}/capture`, { method: 'POST' }));
  await lock.waiting(10);
  await until('three requests wait for a connection', async () => (await pool()).pending === 3);
  assert.deepEqual(await pool(), { idle: 0, used: 10, max: 10, pending: 3 });

  await lock.release();
  const answers = await Promise.all([...three, ...ten]);
  assert.deepEqual(answers.filter(({ status }) => status === 200).length, 1);
  const later = await scrapeAtRest(`${service.url}/metrics`);
  assert.deepEqual(await pool(), { idle: 10, used: 0, max: 10, pending: 0 });
  assert.deepEqual(increase(earlier.values(waits), later.values(waits)), { '': 13 });
  assert.equal(later.value('db_client_connection_timeouts_total'), 0);
});

test('each pool is named after its server and database', async () => {
  const { port } = new URL(backend.database('payments').options.connectionString ?? '');
  const names = Object.keys((await page()).values('db_client_connection_max', 'db_client_connection_pool_name'));
  assert.deepEqual(names, [`127.0.0.1:${port}/payments`]);
});
