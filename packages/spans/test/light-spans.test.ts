import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { encodeSpans } from '@otel-register/otlp';
import { LightTracerProvider } from '@otel-register/spans';

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const SCOPE = ['probe', '1.2.3', { schemaUrl: 'https://opentelemetry.io/schemas/1.40.0' }] as const;

/** A tracer of the SDK and one of ours, with what each has ended. */
function tracers(sampler: Sampler, ratio: number, isParentBased: boolean) {
  const exporter = new InMemorySpanExporter();
  const sdk = new TracerProvider({ resource, sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const ended: ReadableSpan[] = [];
  const light = new LightTracerProvider({
    sampling: { ratio, isParentBased, isOpen: () => false, sampler },
    resource,
    onEnd: (span) => ended.push(span),
    others: sdk,
  });
  return {
    sdk: { tracer: sdk.getTracer(...SCOPE), ended: () => exporter.getFinishedSpans() },
    light: { tracer: light.getTracer(...SCOPE), ended: () => ended },
  };
}

const PARENT: SpanContext = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED };
const within = (parent: SpanContext | undefined) =>
  parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;

/** The bytes of a span, with the same id each time. */
function bytesOf(span: ReadableSpan | undefined): string {
  assert.ok(span);
  const { traceState, traceFlags, traceId } = span.spanContext();
  const own: SpanContext = { traceId, spanId: '12'.repeat(8), traceFlags, ...(traceState && { traceState }) };
  const copy = Object.create(span, { spanContext: { value: () => own } });
  return Buffer.from(encodeSpans([copy])).toString('latin1');
}

const circular: Record<string, unknown> = {};
circular.self = circular;

/** What a service may do to a span. */
const DEEDS: Record<string, (span: Span) => void> = {
  nothing: () => {},
  attributes: (span) => {
    span.setAttribute('text', 'one').setAttribute('text', 'two').setAttribute('', 'nameless');
    span.setAttributes({ number: -1.5, yes: true, list: ['a', 'b'], mixed: [1, 'a'], nothing: undefined });
    span.setAttributes({ object: { deep: { deeper: [1] } }, null: null, constructor: 'own' } as unknown as Attributes);
    span.setAttributes({ circular, date: new Date(0), call: () => {}, big: 1n } as unknown as Attributes);
  },
  'more attributes than there may be': (span) => {
    for (let number = 0; number < 200; number++) span.setAttribute(`key.${number}`, number);
    span.setAttribute('key.3', 'changed').setAttribute('one more', true);
  },
  events: (span) => {
    span.addEvent('plain').addEvent('with attributes', { a: 1, b: undefined, c: { no: 1 } } as unknown as Attributes);
    span.addEvent('then', [1_800_000_000, 7]).addEvent('at', { a: 1 }, new Date(1_800_000_000_000)).addEvent('', 5);
  },
  'more events than there may be': (span) => {
    for (let number = 0; number < 150; number++) span.addEvent(`event ${number}`);
  },
  links: (span) => {
    span.addLink({ context: PARENT, attributes: { a: 1 } }).addLinks([{ context: PARENT }, { context: PARENT }]);
  },
  'more links than there may be': (span) => {
    span.addLinks(Array.from({ length: 150 }, (_, number) => ({ context: PARENT, attributes: { number } })));
  },
  'an error': (span) => {
    span.recordException(Object.assign(new TypeError('boom'), { stack: 'TypeError: boom\n    at here' }));
    span.recordException(Object.assign(new Error('refused'), { code: 'ECONNREFUSED', stack: 'at there' }));
    span.recordException('a text');
    span.recordException({} as Error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'boom' });
  },
  statuses: (span) => {
    span.setStatus({ code: SpanStatusCode.ERROR }).setStatus({ code: SpanStatusCode.UNSET });
    span.setStatus({ code: SpanStatusCode.OK, message: 'unsaid' }).setStatus({ code: SpanStatusCode.ERROR });
  },
  'another name': (span) => {
    span.updateName('GET /payments/:id');
  },
  'an end of its own': (span) => {
    span.end([1_900_000_000, 5]);
  },
  'an end before its beginning': (span) => {
    span.end(new Date(0));
  },
  'an end by the clock of performance': (span) => {
    span.end(performance.now());
  },
  'what comes after its end': (span) => {
    span.end();
    span.setAttribute('late', 1).setAttributes({ late: 1 }).addEvent('late').addLink({ context: PARENT });
    span.setStatus({ code: SpanStatusCode.ERROR }).updateName('late').recordException(new Error('late'));
    span.end();
  },
};

for (const [what, deed] of Object.entries(DEEDS)) {
  test(`a span is told as the SDK tells it: ${what}`, () => {
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_123 });
    const now = mock.method(performance, 'now', () => 1234.5678);
    try {
      const { sdk, light } = tracers(new AlwaysOnSampler(), 1, false);
      for (const { tracer } of [sdk, light]) {
        const attributes = { first: 1, undefined: undefined, list: [true], '': 1 } as Attributes;
        const span = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes }, within(PARENT));
        assert.equal(span.isRecording(), true);
        now.mock.mockImplementation(() => 1334.6789);
        deed(span);
        span.end();
        assert.equal(span.isRecording(), false);
        now.mock.mockImplementation(() => 1234.5678);
      }
      const [[theirs], [ours]] = [sdk.ended(), light.ended()];
      assert.equal(bytesOf(ours), bytesOf(theirs));
      assert.deepEqual([ours?.duration, ours?.ended], [theirs?.duration, theirs?.ended]);
      assert.equal(light.ended().length, 1);
    } finally {
      mock.reset();
      mock.timers.reset();
    }
  });
}

/** A sampler, the share that it takes, and whether its caller comes first. */
const SAMPLERS: [Sampler, number, boolean][] = [
  [new AlwaysOnSampler(), 1, false],
  [new AlwaysOffSampler(), 0, false],
  [new TraceIdRatioBasedSampler(0.3), 0.3, false],
  [new ParentBasedSampler({ root: new AlwaysOnSampler() }), 1, true],
  [new ParentBasedSampler({ root: new AlwaysOffSampler() }), 0, true],
  [new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.3) }), 0.3, true],
];

const PARENTS: Record<string, SpanContext | undefined> = {
  'nobody before it': undefined,
  'a caller that samples': { ...PARENT, isRemote: true },
  'a caller that does not': { ...PARENT, traceFlags: TraceFlags.NONE, isRemote: true },
  'a sampled span here': PARENT,
  'a span here that is not': { ...PARENT, traceFlags: TraceFlags.NONE },
  'one that is invalid': { ...PARENT, traceId: '0'.repeat(32) },
};

const isSampled = (span: Span) => (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

for (const [sampler, ratio, isParentBased] of SAMPLERS) {
  for (const [what, parent] of Object.entries(PARENTS)) {
    test(`${sampler} decides with ${what} as in the SDK`, () => {
      const { sdk, light } = tracers(sampler, ratio, isParentBased);
      const start = (tracer: Tracer) => tracer.startSpan('GET', {}, within(parent));
      const isBegun = parent === undefined || /^0+$/.test(parent.traceId);
      const spans = Array.from({ length: 200 }, () => start(light.tracer));
      for (const span of spans) {
        const { traceId, spanId } = span.spanContext();
        assert.match(traceId, /^(?!0+$)[0-9a-f]{32}$/);
        assert.match(spanId, /^(?!0+$)[0-9a-f]{16}$/);
        assert.equal(traceId === parent?.traceId, !isBegun);
        assert.equal(span.isRecording(), isSampled(span));
        // The SDK would have decided so on that id.
        const { decision } = sampler.shouldSample(within(isBegun ? undefined : parent), traceId, 'GET', 0, {}, []);
        assert.equal(isSampled(span), decision === 2);
      }
      assert.equal(new Set(spans.map((span) => span.spanContext().spanId)).size, spans.length);
      const share = spans.filter(isSampled).length / spans.length;
      if (!isBegun || ratio === 0 || ratio === 1) assert.equal(share, isSampled(start(sdk.tracer)) ? 1 : 0);
      // Eight standard deviations.
      else assert.ok(Math.abs(share - ratio) < 8 * Math.sqrt((ratio * (1 - ratio)) / spans.length), `${share}`);
    });
  }
}

test('there is no span where tracing is suppressed', () => {
  const { light } = tracers(new AlwaysOnSampler(), 1, false);
  const span = light.tracer.startSpan('GET', {}, suppressTracing(context.active()));
  assert.deepEqual([span.isRecording(), /^0+$/.test(span.spanContext().traceId)], [false, true]);
});

test('what is more than is done here is left to the SDK', () => {
  const { sdk, light } = tracers(new AlwaysOnSampler(), 1, false);
  light.tracer.startSpan('linked', { links: [{ context: PARENT }] }).end();
  light.tracer.startSpan('root', { root: true }, within(PARENT)).end();
  light.tracer.startSpan('earlier', { startTime: [1, 2] }).end();
  assert.equal(
    light.tracer.startActiveSpan('active', (span) => {
      span.end();
      return 'result';
    }),
    'result',
  );
  assert.deepEqual(
    sdk.ended().map(({ name }) => name),
    ['linked', 'root', 'earlier', 'active'],
  );
});
