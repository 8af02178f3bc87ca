import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, createTraceState, type SpanContext, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createSpanEncoder, encodeSpans } from '@otel-register/otlp';

/** A generator of numbers from 0 to 1, the same each time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const encoder = createSpanEncoder();

/** The spans as they are, as bytes, and some of them as bytes. */
function assertSame(spans: ReadableSpan[]): void {
  const expected = Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []);
  // What is seen for the first time is seen by the encoder.
  assert.deepEqual(Buffer.from(encodeSpans(spans.map((span) => encoder.encode(span)))), expected);
  assert.deepEqual(Buffer.from(encodeSpans(spans)), expected);
  const mixed = spans.map((span, index) => (index % 3 === 0 ? encoder.encode(span) : span));
  assert.deepEqual(Buffer.from(encodeSpans(mixed)), expected);
}

/** Values of every type, at the edges of their encodings. */
const VALUES: unknown[] = [
  ...[
    '',
    'a',
    'GET',
    'é',
    '𝒳',
    '\ud800',
    'x'.repeat(63),
    'x'.repeat(64),
    'ü'.repeat(64),
    'x'.repeat(127),
    'y'.repeat(20_000),
  ],
  ...[0, -0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 62, -1, -(2 ** 40), -(2 ** 63)],
  ...[2 ** 63, 1.5, -0.1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324],
  ...[true, false, null, Buffer.from([0, 255]), [], ['a', 'b'], [1, -1, 2.5], [true, null, ['deep', [1]]]],
  ...[{}, { a: 1, b: { c: ['d'] }, '': '' }, 'x'.repeat(150)],
];

test('the bytes are those of the upstream serializer, whatever the spans are', () => {
  const random = generator(5);
  const below = (count: number) => Math.floor(random() * count);
  const one = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const id = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join('');
  const attributes = (): Attributes =>
    Object.fromEntries(
      Array.from({ length: below(12) }, () => [`${one(['http', 'db', 'ключ'])}.${below(40)}`, one(VALUES)]),
    ) as Attributes;
  const spanContext = (): SpanContext => ({
    traceId: id(32),
    spanId: id(16),
    traceFlags: below(256),
    ...(random() < 0.5 && { isRemote: random() < 0.5 }),
    ...(random() < 0.3 && { traceState: createTraceState('vendor=ü,other=2') }),
  });
  const resources = [{}, { 'service.name': 'a service' }].map((each) => resourceFromAttributes(each));
  const scopes = [
    { name: 'plain' },
    { name: 'whole', version: '1.2.3', schemaUrl: 'https://opentelemetry.io/schemas/1.40.0' },
  ];
  const span = (): ReadableSpan => {
    const own = spanContext();
    return {
      name: String(one(VALUES)),
      kind: below(5) as SpanKind,
      spanContext: () => own,
      ...(random() < 0.7 && { parentSpanContext: spanContext() }),
      startTime: [below(2 ** 32), below(1e9)],
      endTime: [1_800_000_000 + below(1e6), below(1e9)],
      status: { code: below(3) as SpanStatusCode, ...(random() < 0.3 && { message: one(['', 'why', 'warum → ']) }) },
      attributes: attributes(),
      links: Array.from({ length: below(3) }, () => ({ context: spanContext(), attributes: attributes() })),
      events: Array.from({ length: below(3) }, () => ({
        name: 'exception',
        time: [1_800_000_000, below(1e9)] as [number, number],
        attributes: attributes(),
        droppedAttributesCount: below(3),
      })),
      duration: [0, 0],
      ended: true,
      resource: one(resources),
      instrumentationScope: one(scopes),
      droppedAttributesCount: below(300),
      droppedEventsCount: below(2),
      droppedLinksCount: below(2),
    };
  };
  for (let round = 0; round < 300; round++) assertSame(Array.from({ length: below(20) }, span));
});

test('the spans of the SDK are encoded as the upstream serializer does it', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('here', '0.1.0');
  for (let round = 0; round < 50; round++) {
    const span = tracer.startSpan('GET /payments/:id', { kind: SpanKind.SERVER });
    span.setAttributes({ 'http.request.method': 'GET', 'url.path': `/payments/${round}`, 'server.port': 3000 });
    span.recordException(new Error('boom'));
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'boom' }).end();
  }
  assertSame(exporter.getFinishedSpans());
});

test('nothing is nothing', () => {
  assert.equal(encodeSpans([]).length, 0);
});
