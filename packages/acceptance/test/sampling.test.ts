import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ROOT_CONTEXT, SamplingDecision } from '@opentelemetry/api';
import { TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { CALLER, startTraced, type TracedProgram } from './support/traced-program.ts';
import { until, untilSaid } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const TRACE = 'ab'.repeat(16);
const traceparent = (flags: string) => ({ traceparent: `00-${TRACE}-${CALLER}-${flags}` });
const more = { tracestate: 'vendor=1,other=2', baggage: 'user=42;p=1,place=a%20b' };

let target: Upstream;
before(async () => {
  target = await startUpstream();
});
after(() => target?.stop());

/** The headers of the request that a service sends while it is asked with these. */
async function passedOn({ program }: TracedProgram, client: string, headers: Record<string, string>) {
  const before = target.received.length;
  await program.step(`${client}:ok`, { headers });
  return target.received[before]?.headers ?? {};
}

/** A variable or two, what comes in, and what goes out: with spans that were sampled, or with none. */
const CASES: [Record<string, string>, Record<string, string>, 'sampled' | 'not sampled'][] = [
  [{}, traceparent('01'), 'sampled'],
  [{}, traceparent('00'), 'not sampled'],
  [{}, {}, 'sampled'],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, traceparent('00'), 'sampled'],
  [{ OTEL_TRACES_SAMPLER: 'Always_Off' }, traceparent('01'), 'not sampled'],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, {}, 'not sampled'],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, traceparent('01'), 'sampled'],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, {}, 'not sampled'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, traceparent('01'), 'not sampled'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, traceparent('00'), 'sampled'],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, traceparent('01'), 'sampled'],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.0' }, {}, 'not sampled'],
];

for (const [env, parent, decision] of CASES) {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const caller = Object.keys(parent).length === 0 ? 'nobody' : parent.traceparent?.endsWith('01') ? 'yes' : 'no';
  describe(`${settings.join(' ') || 'without a sampler'}, the caller has decided: ${caller}`, () => {
    let traced: TracedProgram;
    before(async () => {
      traced = await startTraced('http-client.cjs', { env: { SERVER: target.url, ...env } });
    });
    after(() => traced?.stop());

    for (const client of ['http', 'fetch', 'undici']) {
      test(`a request is ${decision}, and so is what it asks for with ${client}, with tracestate and baggage`, async () => {
        const sent = await passedOn(traced, client, { ...parent, ...more });
        const [, trace = '', span = '', flags] = String(sent.traceparent).split('-');
        assert.equal(flags, decision === 'sampled' ? '01' : '00');
        assert.equal(trace === TRACE, caller !== 'nobody', 'the trace goes on');
        assert.notEqual(span, CALLER);
        assert.equal(sent.baggage, more.baggage);
        // Without the header that it belongs to, a tracestate is nobody's.
        assert.equal(sent.tracestate, caller === 'nobody' ? undefined : more.tracestate);
        if (decision === 'not sampled') return;
        await until('the span of the client', async () => traced.spansOf(trace).some(({ spanId }) => spanId === span));
      });
    }

    if (decision === 'not sampled') {
      test('there are no spans', async () => {
        await traced.program.stop();
        assert.deepEqual(traced.collector.spans, []);
      });
    }
  });
}

test('of the traces that begin here a ratio takes its share, and whoever samples their ids by that ratio takes the same', async () => {
  const [ratio, requests] = [0.5, 300];
  const env = { SERVER: target.url, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: String(ratio) };
  const traced = await startTraced('http-client.cjs', { env });
  try {
    const upstream = new TraceIdRatioBasedSampler(ratio);
    const traces = new Map<string, boolean>();
    for (let request = 0; request < requests; request++) {
      const { traceparent: sent } = await passedOn(traced, 'http', {});
      const [, trace = '', , flags] = String(sent).split('-');
      traces.set(trace, flags === '01');
    }
    assert.equal(traces.size, requests);
    for (const [trace, isSampled] of traces) {
      const { decision } = upstream.shouldSample(ROOT_CONTEXT, trace);
      assert.equal(isSampled, decision === SamplingDecision.RECORD_AND_SAMPLED, trace);
    }
    const taken = [...traces.values()].filter((isSampled) => isSampled).length;
    // Eight standard deviations: of 10^15 runs one would have another share.
    assert.ok(Math.abs(taken - requests * ratio) < 8 * Math.sqrt(requests * ratio * (1 - ratio)), `${taken}`);
  } finally {
    await traced.stop();
  }
});

/** OTEL_PROPAGATORS, what comes in, and what goes out, by the names of the headers. */
const PROPAGATORS: [string, Record<string, string>, string[]][] = [
  ['tracecontext', { ...traceparent('01'), ...more }, ['traceparent', 'tracestate']],
  ['baggage', { ...traceparent('01'), ...more }, ['baggage']],
  ['b3', { b3: `${TRACE}-${CALLER}-1`, ...more }, ['b3']],
  ['b3', { 'x-b3-traceid': TRACE, 'x-b3-spanid': CALLER, 'x-b3-sampled': '1' }, ['b3']],
  ['b3multi', { b3: `${TRACE}-${CALLER}-1` }, ['x-b3-sampled', 'x-b3-spanid', 'x-b3-traceid']],
  ['tracecontext,baggage,b3', { b3: `${TRACE}-${CALLER}-1`, ...more }, ['b3', 'baggage', 'traceparent']],
  ['tracecontext,jaeger', traceparent('01'), ['traceparent']],
  ['none', { ...traceparent('01'), ...more }, []],
];

for (const [propagators, headers, names] of PROPAGATORS) {
  test(`OTEL_PROPAGATORS=${propagators} makes of ${Object.keys(headers)}: ${names.join() || 'nothing'}`, async () => {
    const traced = await startTraced('http-client.cjs', {
      env: { SERVER: target.url, OTEL_PROPAGATORS: propagators },
    });
    try {
      const sent = await passedOn(traced, 'http', headers);
      const known = Object.keys(sent).filter((name) => /^(?:trace|b3|x-b3|baggage)/.test(name));
      assert.deepEqual(known.sort(), names);
      for (const name of ['traceparent', 'b3', 'x-b3-traceid'])
        if (sent[name]) assert.ok(String(sent[name]).includes(TRACE), name);
    } finally {
      await traced.stop();
    }
  });
}

test('OTEL_SPAN_… and OTEL_ATTRIBUTE_… limit what a span tells, which is said once', async () => {
  const traced = await startTraced('http-client.cjs', {
    env: {
      SERVER: target.url,
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '3',
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '4',
      OTEL_SPAN_EVENT_COUNT_LIMIT: '0',
      REFUSED: 'http://127.0.0.1:1',
    },
  });
  try {
    const { spans, request } = await traced.trace('http:refused');
    for (const { attributes, events } of [...spans, request]) {
      assert.equal(Object.keys(attributes).length, 3);
      assert.ok(Object.values(attributes).every((value) => typeof value !== 'string' || value.length <= 4));
      assert.deepEqual(events, []);
    }
    await untilSaid(traced.program, /Dropping/);
    assert.equal(traced.program.stderr().match(/^otel: Dropping extra attributes\.$/gm)?.length, 1);
  } finally {
    await traced.stop();
  }
});
