import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, type Rabbitmq, startRabbitmq, throwAwayFolder } from '@payments/local-stack';
import { increase, type MetricsPage, type Values } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';

const folder = throwAwayFolder();
let server: Rabbitmq;
let port: number;

before(async () => {
  port = await freePort();
  server = await startRabbitmq({ dataDir: folder.path, port });
});
after(async () => {
  await server?.stop();
  folder.remove();
});

const labels = ['messaging_operation_name', 'messaging_destination_name', 'error_type'];
const of = (page: MetricsPage) => ({
  operations: page.values('messaging_client_operation_duration_seconds_count', ...labels),
  sent: page.values('messaging_client_sent_messages_total', ...labels.slice(1)),
  consumed: page.values('messaging_client_consumed_messages_total', ...labels.slice(0, 2)),
  processed: page.values('messaging_process_duration_seconds_count', ...labels.slice(1)),
  errors: page.values('messaging_client_errors_total', ...labels),
  unsettled: page.values('messaging_client_unsettled_messages', 'messaging_destination_name'),
});
type Measured = ReturnType<typeof of>;

async function start(libraries: string, nodeArguments?: string[]): Promise<Program> {
  return startProgram('amqplib.cjs', {
    env: { LIBRARIES: libraries, RABBITMQ_URL: server.url, REFUSED: `amqp://127.0.0.1:${await freePort()}` },
    ...(nodeArguments ? { nodeArguments } : {}),
  });
}

for (const libraries of ['current', 'oldest']) {
  describe(`amqplib (${libraries})`, () => {
    let service: Program;
    before(async () => {
      service = await start(libraries);
    });
    after(() => service.stop());

    /** Takes a step: what it returned, and what it added to each metric. */
    // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
    async function take(step: string): Promise<Partial<Measured> & { result: any }> {
      const before = of(await service.scrape());
      const result = await service.step(step);
      const after = of(await service.scrape());
      const added = Object.keys(after).map((name): [string, Values] => {
        const key = name as keyof Measured;
        return [key, increase(before[key], after[key])];
      });
      return { result, ...Object.fromEntries(added.filter(([, values]) => Object.keys(values).length > 0)) };
    }

    test('what is published is counted by exchange, or by queue, or as one where the broker has named the queue', async () => {
      const { result, ...added } = await take('publish');
      assert.deepEqual(result, [true, true, true, { message: 'content is not a buffer' }]);
      assert.deepEqual(added, {
        operations: { 'publish prices –': 2, 'publish amq.gen –': 1, 'publish work TypeError': 1 },
        sent: { 'prices –': 2, 'amq.gen –': 1, 'work TypeError': 1 },
        errors: { 'publish work TypeError': 1 },
      });
    });

    test('a message that is to be confirmed is counted when it is', async () => {
      assert.deepEqual(await take('confirmed'), {
        result: [null, null, null],
        operations: { 'publish work –': 4 },
        sent: { 'work –': 4 },
      });
    });

    test('a message that the broker does not take is an error', async () => {
      assert.deepEqual(await take('refused'), {
        result: [null, 'message nacked'],
        operations: { 'publish full –': 1, 'publish full nack': 1 },
        sent: { 'full –': 1, 'full nack': 1 },
        errors: { 'publish full nack': 1 },
      });
    });

    test('a message that comes back because nobody gets it is an error', async () => {
      assert.deepEqual(await take('returned'), {
        result: 'NO_ROUTE',
        operations: { 'publish nobody –': 1 },
        sent: { 'nobody –': 1 },
        errors: { 'publish nobody NO_ROUTE': 1 },
      });
    });

    test('a message that has no confirmation when its channel is closed is an error', async () => {
      assert.deepEqual(await take('unconfirmed'), {
        result: 'channel closed',
        operations: { 'publish no exchange channel_closed': 1 },
        sent: { 'no exchange channel_closed': 1 },
        errors: { 'publish no exchange channel_closed': 1, 'publish – NOT_FOUND': 1 },
      });
    });

    test('messages are processed until they are settled, one by one or all up to one', async () => {
      assert.deepEqual(await take('consume'), {
        result: ['a message', 5],
        operations: { 'publish work –': 5, 'ack work –': 1, 'nack work –': 1, 'reject work –': 1 },
        sent: { 'work –': 5 },
        consumed: { 'consume work': 5 },
        processed: { 'work –': 3, 'work nack': 1, 'work reject': 1 },
      });
    });

    test('the age of a message is told by the timestamp that its publisher gave it, and by nothing else', async () => {
      assert.deepEqual((await service.step('aged')).sort(), ['number', 'number', 'number', 'undefined']);
      const page = await service.scrape();
      const buckets = page.values('messaging_client_message_age_seconds_bucket', 'messaging_destination_name', 'le');
      assert.deepEqual(
        ['1', '60', '120', '300', '+Inf'].map((le) => buckets[`aged ${le}`]),
        [1, 1, 1, 3, 3],
      );
      assert.deepEqual(
        Object.keys(page.values('messaging_client_message_age_seconds_count', 'messaging_destination_name')),
        ['aged'],
      );
    });

    test('messages that need no settlement are consumed', async () => {
      assert.deepEqual(await take('consumeWithoutAck'), {
        result: 2,
        operations: { 'publish work –': 2 },
        sent: { 'work –': 2 },
        consumed: { 'consume work': 2 },
      });
    });

    test('a get is counted whether or not there was a message, and as an error when there is no queue', async () => {
      const { result, ...added } = await take('get');
      assert.deepEqual(result.slice(0, 2), ['a message', false]);
      assert.deepEqual(added, {
        operations: { 'publish work –': 1, 'ack work –': 1, 'get work –': 2, 'get no queue NOT_FOUND': 1 },
        sent: { 'work –': 1 },
        consumed: { 'get work': 1 },
        processed: { 'work –': 1 },
        errors: { 'get no queue NOT_FOUND': 1 },
      });
    });

    for (const [step, processed, operations] of [
      ['settle', { 'work –': 4 }, { 'ack work –': 1 }],
      ['nackAll', { 'work nack': 4 }, { 'nack work –': 1 }],
      ['letGo', { 'work channel_closed': 4 }, undefined],
    ] as const) {
      test(`messages are unsettled as long as the service holds them (${step})`, async () => {
        assert.deepEqual((await take('hold')).unsettled, { work: 4 });
        const { unsettled, ...added } = await take(step);
        assert.deepEqual(unsettled, { work: -4 });
        assert.deepEqual(added, { result: null, processed, ...(operations ? { operations } : {}) });
      });
    }

    test('messages that are given back to be delivered again are unsettled once', async () => {
      const { result, consumed, processed, unsettled } = await take('recover');
      assert.deepEqual([result, unsettled], [true, undefined]);
      assert.deepEqual([consumed, processed], [{ 'consume work': 2 }, { 'work –': 1, 'work recover': 1 }]);
    });

    test('a channel that the broker closes is an error, once, with what it was closed for', async () => {
      const wrongTag = await take('wrongTag');
      assert.deepEqual([wrongTag.result, wrongTag.errors], [[406], { 'ack – PRECONDITION_FAILED': 1 }]);
      assert.deepEqual((await take('wrongQueue')).errors, { '– – NOT_FOUND': 1 });
      const wrongExchange = await take('wrongExchange');
      assert.deepEqual(wrongExchange.result, [[404], { message: 'Channel closed' }]);
      assert.deepEqual(wrongExchange.errors, {
        'publish – NOT_FOUND': 1,
        'publish no exchange channel_closed': 1,
      });
    });

    test('the interface with callbacks is measured alike', async () => {
      assert.deepEqual(await take('callbacks'), {
        result: [null, 'a message', true],
        operations: { 'publish calls –': 1, 'ack calls –': 1 },
        sent: { 'calls –': 1 },
        consumed: { 'consume calls': 1 },
        processed: { 'calls –': 1 },
      });
    });

    test('a connection that does not come about is an error', async () => {
      const refused = await take('connectionRefused');
      assert.equal(refused.result.code, 'ECONNREFUSED');
      assert.deepEqual(refused.errors, { '– – ECONNREFUSED': 1 });
      assert.deepEqual((await take('wrongPassword')).errors, { '– – ACCESS_REFUSED': 1 });
    });

    test('a service sees of its channels what it sees without the agent', async (t) => {
      const bare = await start(libraries, []);
      t.after(() => bare.stop());
      assert.deepEqual(await service.step('seen'), await bare.step('seen'));
    });

    test('when the server is killed, what was unsettled is not any more, and the connection is an error', async () => {
      await service.step('hold');
      const before = of(await service.scrape());
      const lost = service.step('lost');
      process.kill(Number(readFileSync(join(folder.path, 'beam.pid'), 'utf8')), 'SIGKILL');
      await lost;
      const after = of(await service.scrape());
      assert.deepEqual(increase(before.unsettled, after.unsettled), { work: -4 });
      assert.deepEqual(increase(before.processed, after.processed), { 'work channel_closed': 4 });
      assert.match(
        JSON.stringify(increase(before.errors, after.errors)),
        /^{"– – (?:connection_closed|ECONNRESET)":1}$/,
      );
      assert.ok(Object.values(after.unsettled).every((value) => value === 0));
      await server.stop();
      server = await startRabbitmq({ dataDir: folder.path, port });
    });
  });
}

test('more queues than there may be series go to one series', async (t) => {
  const service = await startProgram('amqplib.cjs', {
    env: { RABBITMQ_URL: server.url, OTEL_METRICS_CARDINALITY_LIMIT: '20' },
  });
  t.after(() => service.stop());
  await service.step('many');
  const page = await service.scrape();
  const sent = page.samples('messaging_client_sent_messages_total');
  assert.ok(sent.length <= 21, `${sent.length} series`);
  assert.equal(
    sent.reduce((sum, { value }) => sum + value, 0),
    100,
  );
});
