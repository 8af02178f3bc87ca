import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type ServiceName, type Stack, startStack } from '@payments/local-stack';
import { connect } from 'amqplib';
import { accessToken, call } from './support/api-client.ts';
import { EventSocket } from './support/event-socket.ts';
import { scrape } from './support/metrics-page.ts';
import { until } from './support/until.ts';

let stack: Stack;
before(async () => {
  stack = await startStack({ agent: true, rabbitmq: true });
  await until('all are connected to RabbitMQ', async () => {
    const names = ['payments', 'profile', 'admin', 'api-gateway'] as const;
    const answers = await Promise.all(names.map((name) => call(`${stack.services[name].url}/health/ready`)));
    return answers.every(({ body }) => body.checks.rabbitmq === 'up');
  });
});
after(() => stack?.stop());

const pageOf = (name: ServiceName) => scrape(stack.services[name].metricsUrl ?? assert.fail(`${name} named no page`));

test('what is published, consumed, settled and pushed is on the pages to the unit, and services know nothing of it', async () => {
  const token = accessToken(stack.jwtSecret, { sub: randomUUID(), role: 'user' });
  const socket = await EventSocket.open(stack.url, token);
  const other = await EventSocket.open(stack.url, accessToken(stack.jwtSecret, { sub: randomUUID(), role: 'user' }));
  for (let n = 0; n < 7; n++) {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { amount: 1000, currency: 'EUR', capture: true };
    assert.equal((await call(`${stack.url}/payments`, { method: 'POST', token, headers, body })).status, 201);
  }
  await socket.received(7);

  const destination = 'messaging_destination_name';
  const published = { 'payments –': 7 };
  await until('payments has counted all', async () => {
    const sent = (await pageOf('payments')).values('messaging_client_sent_messages_total', destination, 'error_type');
    return sent['payments –'] === 7;
  });
  const payments = await pageOf('payments');
  assert.deepEqual(payments.values('messaging_client_sent_messages_total', destination, 'error_type'), published);
  assert.deepEqual(
    payments.values('messaging_client_operation_duration_seconds_count', 'messaging_operation_name', destination),
    { 'publish payments': 7 },
  );

  for (const name of ['profile', 'admin'] as const) {
    const queue = `${name}.payments`;
    await until(`${name} has settled all`, async () => {
      const processed = (await pageOf(name)).values('messaging_process_duration_seconds_count', destination);
      return processed[queue] === 7;
    });
    const page = await pageOf(name);
    const consumed = { [queue]: 7 };
    assert.deepEqual(page.values('messaging_client_consumed_messages_total', destination), consumed);
    assert.deepEqual(page.values('messaging_process_duration_seconds_count', destination), consumed);
    assert.deepEqual(page.values('messaging_process_duration_seconds_count', 'error_type'), { '–': 7 });
    assert.deepEqual(page.values('messaging_client_operation_duration_seconds_count', 'messaging_operation_name'), {
      ack: 7,
    });
    assert.deepEqual(page.values('messaging_client_unsettled_messages', destination), { [queue]: 0 });
    assert.deepEqual(page.values('messaging_client_message_age_seconds_count', destination), consumed);
  }

  const gateway = await pageOf('api-gateway');
  assert.deepEqual(gateway.values('messaging_client_consumed_messages_total', destination), { 'amq.gen': 7 });
  assert.deepEqual(gateway.values('messaging_client_message_age_seconds_count', destination), { 'amq.gen': 7 });
  assert.equal(gateway.value('websocket_server_active_connections'), 2);
  assert.deepEqual(gateway.values('websocket_server_messages_total', 'network_io_direction').transmit, 7);
  const bytes = socket.events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0);
  assert.equal(gateway.values('websocket_server_io_bytes_total', 'network_io_direction').transmit, bytes);

  for (const { client, closed } of [socket, other]) {
    client.close();
    await closed;
  }
  await until(
    'no socket is open',
    async () => (await pageOf('api-gateway')).value('websocket_server_active_connections') === 0,
  );
});

test('a message that is no event is processed with an error, and settled', async () => {
  const queue = 'admin.payments';
  const errors = async () =>
    (await pageOf('admin')).values(
      'messaging_process_duration_seconds_count',
      'messaging_destination_name',
      'error_type',
    );
  const connection = await connect(stack.rabbitmq?.url ?? assert.fail('there is no RabbitMQ'));
  const channel = await connection.createConfirmChannel();
  channel.sendToQueue(queue, Buffer.from('no event'));
  await channel.waitForConfirms();
  await connection.close();
  await until('it is rejected', async () => (await errors())[`${queue} reject`] === 1);
  assert.deepEqual(
    (await pageOf('admin')).values('messaging_client_unsettled_messages', 'messaging_destination_name'),
    {
      [queue]: 0,
    },
  );
});
