import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Program, startProgram } from './support/program.ts';
import { type SentryIngest, startSentry } from './support/sentry-ingest.ts';
import { until } from './support/until.ts';

let sentry: SentryIngest;
before(async () => {
  sentry = await startSentry();
});
after(() => sentry?.stop());

const SPAN = 'c'.repeat(16);
const newTrace = () => randomBytes(16).toString('hex');

type Headers = Record<string, string>;

/** Starts a service that tells which headers it sends on. */
async function startService(env: Headers) {
  const service = await startProgram('outgoing-headers.cjs', { env: { OTEL_BSP_SCHEDULE_DELAY: '20', ...env } });
  return { service, sentOn: (headers: Headers, by = 'http') => sentOn(service, headers, by) };
}

/** The headers that a request with those is sent on with, each there once. */
async function sentOn({ url }: Program, headers: Headers, by: string): Promise<Headers> {
  const response = await fetch(`${url}/${by}`, { headers });
  const pairs = (await response.json()) as [string, string][];
  const sent = Object.fromEntries(pairs);
  assert.equal(pairs.length, Object.keys(sent).length, `a header is there twice: ${JSON.stringify(pairs)}`);
  return sent;
}

/** The one trace that all headers are of, with the decision that they carry. */
function traceOf({ traceparent, 'sentry-trace': sentryTrace = '', baggage = '' }: Headers) {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  const [sentryId, sentrySpan, decision] = sentryTrace.split('-');
  const inBaggage = /(?:^|,)sentry-trace_id=(\w+)/.exec(baggage)?.[1];
  if (traceparent !== undefined) assert.deepEqual([sentryId, sentrySpan], [traceId, spanId]);
  if (inBaggage !== undefined) assert.equal(inBaggage, sentryId);
  return { traceId: sentryId, flags, decision, baggage };
}

describe('with SENTRY_TRACES_SAMPLE_RATE', () => {
  let started: Awaited<ReturnType<typeof startService>>;
  before(async () => {
    started = await startService({
      SENTRY_DSN: sentry.dsn,
      SENTRY_TRACES_SAMPLE_RATE: '0.5',
      SENTRY_RELEASE: 'shop@1.2.3',
    });
  });
  after(() => started?.service.stop());

  for (const by of ['http', 'fetch']) {
    test(`what a browser's sentry-trace has begun goes on, and its baggage as it is (${by})`, async () => {
      const trace = newTrace();
      const baggage = `sentry-trace_id=${trace},sentry-public_key=browser,sentry-sample_rate=1,tenant=blue`;
      const sent = await started.sentOn({ 'sentry-trace': `${trace}-${SPAN}-1`, baggage }, by);
      assert.deepEqual(traceOf(sent), { traceId: trace, flags: '01', decision: '1', baggage });
      await until('its span is in Sentry', async () => sentry.spans.some(({ traceId }) => traceId === trace));
      assert.ok(sentry.spans.some(({ traceId, parentSpanId }) => traceId === trace && parentSpanId === SPAN));
    });

    test(`what traceparent has begun goes on in sentry-trace, and Sentry is told of it (${by})`, async () => {
      const trace = newTrace();
      const sent = await started.sentOn({ traceparent: `00-${trace}-${SPAN}-01`, baggage: 'tenant=blue' }, by);
      const { baggage, ...rest } = traceOf(sent);
      assert.deepEqual(rest, { traceId: trace, flags: '01', decision: '1' });
      assert.deepEqual(baggage.split(',').sort(), [
        'sentry-environment=production',
        'sentry-public_key=publickey',
        'sentry-release=shop%401.2.3',
        'sentry-sample_rate=0.5',
        'sentry-sampled=true',
        `sentry-trace_id=${trace}`,
        'tenant=blue',
      ]);
    });
  }

  test('what the browser has decided against is not sampled', async () => {
    const trace = newTrace();
    const sent = await started.sentOn({ 'sentry-trace': `${trace}-${SPAN}-0` });
    const { traceId, flags, decision } = traceOf(sent);
    assert.deepEqual([traceId, flags, decision], [trace, '00', '0']);
  });

  test('what the browser has left open is decided by the rate', async () => {
    // The ratio looks at the id of the trace.
    for (const [digit, decision] of [
      ['1', '1'],
      ['f', '0'],
    ] as const) {
      const trace = `${digit.repeat(8)}${'0'.repeat(23)}1`;
      const sent = await started.sentOn({ 'sentry-trace': `${trace}-${SPAN}` });
      const { traceId, ...decided } = traceOf(sent);
      assert.deepEqual([traceId, decided.decision, decided.flags], [trace, decision, `0${decision}`]);
    }
  });

  test('of two traces that come in one goes on, in all headers', async () => {
    const [trace, other] = [newTrace(), newTrace()];
    const sent = await started.sentOn({
      traceparent: `00-${trace}-${SPAN}-01`,
      'sentry-trace': `${other}-${SPAN}-1`,
      baggage: `sentry-trace_id=${other},sentry-public_key=browser`,
    });
    assert.equal(traceOf(sent).traceId, trace);
    assert.doesNotMatch(JSON.stringify(sent), new RegExp(`${other}|browser`));
  });

  test('a trace that begins here is one in all headers', async () => {
    const { traceId, flags, decision } = traceOf(await started.sentOn({}));
    assert.match(traceId ?? '', /^(?!0*$)[0-9a-f]{32}$/);
    assert.equal(flags, `0${decision}`);
  });

  for (const header of ['nonsense', `${'0'.repeat(32)}-${SPAN}-1`, `${newTrace()}-${'0'.repeat(16)}`, '-1']) {
    test(`sentry-trace: ${header} begins a new one`, async () => {
      const { traceId } = traceOf(await started.sentOn({ 'sentry-trace': header }));
      assert.match(traceId ?? '', /^(?!0*$)[0-9a-f]{32}$/);
      assert.ok(!header.startsWith(traceId ?? ''));
    });
  }
});

describe('with SENTRY_DSN alone, where no spans are made', () => {
  let started: Awaited<ReturnType<typeof startService>>;
  before(async () => {
    started = await startService({ SENTRY_DSN: sentry.dsn });
  });
  after(() => started?.service.stop());

  test('a trace begins all the same, and its sampling is left to others', async () => {
    const sent = await started.sentOn({});
    assert.deepEqual(Object.keys(sent).sort(), ['baggage', 'sentry-trace']);
    assert.equal(traceOf(sent).decision, undefined);
  });

  test("the caller's decision is passed on as it is", async () => {
    for (const flags of ['00', '01']) {
      const trace = newTrace();
      const sent = await started.sentOn({ traceparent: `00-${trace}-${SPAN}-${flags}` });
      assert.equal(sent.traceparent, `00-${trace}-${SPAN}-${flags}`);
      assert.equal(traceOf(sent).decision, flags.slice(1));
    }
    const trace = newTrace();
    const open = await started.sentOn({ 'sentry-trace': `${trace}-${SPAN}` });
    assert.deepEqual([open['sentry-trace'], open.traceparent], [`${trace}-${SPAN}`, undefined]);
  });
});

test('OTEL_PROPAGATORS=sentry is for those who have no DSN here: nothing is told of the trace but itself', async (t) => {
  const { service, sentOn } = await startService({ OTEL_TRACES_EXPORTER: 'console', OTEL_PROPAGATORS: 'sentry' });
  t.after(() => service.stop());
  const trace = newTrace();
  const sent = await sentOn({ 'sentry-trace': `${trace}-${SPAN}-1`, baggage: 'tenant=blue' });
  assert.deepEqual(Object.keys(sent).sort(), ['baggage', 'sentry-trace']);
  assert.deepEqual(traceOf(sent), { traceId: trace, flags: undefined, decision: '1', baggage: 'tenant=blue' });
});

test('with OTEL_PROPAGATORS=tracecontext nothing of Sentry leaves', async (t) => {
  const { service, sentOn } = await startService({ SENTRY_DSN: sentry.dsn, OTEL_PROPAGATORS: 'tracecontext' });
  t.after(() => service.stop());
  const trace = newTrace();
  const sent = await sentOn({ traceparent: `00-${trace}-${SPAN}-01` });
  assert.deepEqual(Object.keys(sent), ['traceparent']);
});
