import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort, type Rabbitmq, startRabbitmq, throwAwayFolder } from '@payments/local-stack';
import { outline, startTraced, type TracedProgram } from './support/traced-program.ts';
import { until } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const folder = throwAwayFolder();
let rabbitmq: Rabbitmq;
let target: Upstream;
let port: number;
before(async () => {
  port = await freePort();
  rabbitmq = await startRabbitmq({ dataDir: folder.path, port });
  target = await startUpstream();
});
after(async () => {
  await target?.stop();
  await rabbitmq?.stop();
  folder.remove();
});

for (const [libraries, name] of [
  ['current', 'amqplib 2.3'],
  ['oldest', 'amqplib 0.10'],
] as const) {
  describe(name, () => {
    let traced: TracedProgram;
    before(async () => {
      const env = { RABBITMQ_URL: rabbitmq.url, TARGET_URL: target.url, LIBRARIES: libraries };
      traced = await startTraced('amqp-spans.cjs', { env });
    });
    after(() => traced?.stop());

    const where = () => ({ 'messaging.system': 'rabbitmq', 'server.address': '127.0.0.1', 'server.port': port });
    const processing = (step: string) =>
      traced.trace(step, (spans) => spans.some(({ name }) => name.startsWith('process ')));

    test('a message is published and processed in one trace, and its consumer works within', async () => {
      const { outline, span, result } = await processing('acked');
      assert.deepEqual(outline, ['publish shop', '  process acked', '    GET']);
      const published = span('publish shop');
      assert.deepEqual([published.kind, published.scope], [4, '@otel-register/probe-amqplib']);
      assert.deepEqual(published.attributes, {
        ...where(),
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'shop:order.acked',
        'messaging.rabbitmq.destination.routing_key': 'order.acked',
        'messaging.message.id': 'message-1',
        'messaging.message.conversation_id': 'conversation-1',
        'messaging.message.body.size': 12,
      });
      const processed = span('process acked');
      assert.equal(processed.kind, 5);
      assert.deepEqual(processed.attributes, {
        ...published.attributes,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'shop:order.acked:acked',
        'messaging.rabbitmq.message.delivery_tag': result.tag,
      });
    });

    test('the processing of a message that is not acknowledged has failed', async () => {
      assert.deepEqual((await processing('nacked')).outline, ['publish shop', '  process nacked ! nack']);
      assert.deepEqual((await processing('rejected')).outline, ['publish shop', '  process rejected ! reject']);
      assert.deepEqual((await processing('lost')).outline, ['publish lost', '  process lost ! channel_closed']);
    });

    test('a consumer that settles nothing works within the processing, too', async () => {
      const { outline, span } = await processing('unsettled');
      assert.deepEqual(outline, ['publish unsettled', '  process unsettled', '    GET']);
      assert.equal(span('process unsettled').attributes['messaging.destination.name'], 'unsettled');
    });

    test("the service's headers arrive, and its own object stays as it is", async () => {
      const { result, outline, span } = await processing('ownHeaders');
      assert.deepEqual(outline, ['publish shop', '  process acked', '    GET']);
      const { mine, traceparent } = result.headers;
      const { traceId, spanId } = span('publish shop');
      assert.deepEqual({ mine, traceparent }, { mine: 'x', traceparent: `00-${traceId}-${spanId}-01` });
      assert.match(result.own.traceparent, /^00-1+-2+-01$/);
    });

    test('a message is published when the broker has confirmed it, and what comes then is the caller’s', async () => {
      for (const step of ['confirmed', 'byCallback']) {
        const { outline } = await traced.trace(step);
        assert.deepEqual(outline, ['GET', 'publish left'], step);
      }
      assert.deepEqual((await traced.trace('asked')).outline, ['GET']);
    });

    test('a message that the broker or amqplib does not take has failed', async () => {
      assert.deepEqual((await traced.trace('refused')).outline, ['publish full ! nack']);
      assert.deepEqual((await traced.trace('closed')).outline, ['publish left ! channel_closed']);
    });

    test('queues that the broker has named are one in names', async () => {
      const { attributes } = (await traced.trace('anonymous')).span('publish amq.gen');
      assert.match(String(attributes['messaging.destination.name']), /^amq\.gen-/);
    });

    test('a hundred requests at once have each their own messages', async () => {
      const traces = await Promise.all(Array.from({ length: 100 }, () => traced.trace('parallel')));
      for (const { outline } of traces) assert.deepEqual(outline, ['publish left', 'publish left']);
    });

    test('a message of a request that is not sampled has no spans, and says so to who processes it', async () => {
      const asked = target.received.length;
      const { id, result } = await traced.takeUnsampled('acked');
      assert.match(result.headers.traceparent, new RegExp(`^00-${id}-[0-9a-f]{16}-00$`));
      const [request] = target.received.slice(asked);
      assert.match(String(request?.headers.traceparent), new RegExp(`^00-${id}-[0-9a-f]{16}-00$`));
      await traced.trace('confirmed');
      assert.deepEqual(traced.spansOf(id), []);
    });

    test("a message that is no request's is the root of a trace", async () => {
      const roots = () => traced.collector.spans.filter(({ parentSpanId }) => parentSpanId === '');
      await until('the message that is published at start', async () => roots().length > 0);
      assert.deepEqual(outline(roots(), ''), ['publish full']);
    });
  });
}
