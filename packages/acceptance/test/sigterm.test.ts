import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { serviceNames, startStack } from '@payments/local-stack';
import pg from 'pg';
import { accessToken, call } from './support/api-client.ts';
import { lockPayment } from './support/locked-payment.ts';
import { until } from './support/until.ts';

describe('SIGTERM: what is in flight is answered, and all five services end with exit code 0', () => {
  const ways: [string, Parameters<typeof startStack>[0]][] = [
    ['without the agent', { agent: false }],
    ['under the agent', { agent: true }],
    ['under the agent, with spans', { agent: true, env: { OTEL_TRACES_EXPORTER: 'console' } }],
  ];
  for (const [way, options] of ways) {
    test(way, async (t) => {
      const stack = await startStack(options);
      t.after(() => stack.stop());
      const database = new pg.Pool({ connectionString: stack.postgres.url('payments') });
      database.on('error', () => {});
      const token = accessToken(stack.jwtSecret, { sub: randomUUID(), role: 'user' });
      const post = (path: string, body: unknown) =>
        call(`${stack.url}${path}`, { method: 'POST', token, body, headers: { 'idempotency-key': randomUUID() } });
      const { id } = (await post('/payments', { amount: 1000, currency: 'EUR' })).body;
      const lock = await lockPayment(database, id);
      const answering = Promise.all([1, 2, 3].map((amount) => post(`/payments/${id}/refunds`, { amount })));
      const capturing = post(`/payments/${id}/capture`, undefined);
      await lock.waiting(4);

      const services = serviceNames.map((name) => stack.services[name]);
      for (const service of services) service.kill('SIGTERM');
      await until('all have heard it', async () => services.every(({ stdout }) => stdout().includes('"stopping"')));
      await lock.release();
      await database.end();

      const statuses = [...(await answering), await capturing].map(({ status }) => status);
      // Which of them gets the lock first decides whether a refund finds the payment captured.
      assert.ok(
        statuses.every((status) => [200, 201, 409].includes(status)) && statuses.includes(200),
        String(statuses),
      );
      for (const { name, exited } of services) assert.deepEqual(await exited, { code: 0, signal: null }, name);
    });
  }
});
