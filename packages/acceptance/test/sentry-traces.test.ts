import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { startCollector } from './support/collector.ts';
import { type Program, startProgram } from './support/program.ts';
import { startSentry } from './support/sentry-ingest.ts';
import { until } from './support/until.ts';

const CALLER = 'c'.repeat(16);

/** Asks for something that fails, as part of a trace. @returns its id */
async function fail({ url }: Program, path = '/throws/7', headers = {}): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  await fetch(`${url}${path}`, { headers: { traceparent: `00-${traceId}-${CALLER}-01`, ...headers } });
  return traceId;
}

async function start(
  t: { after(stop: () => unknown): void },
  env: Record<string, string>,
  program = 'express-routes-commonjs.cjs',
) {
  const sentry = await startSentry();
  t.after(() => sentry.stop());
  const service = await startProgram(program, {
    env: {
      NODE_ENV: 'test',
      SENTRY_DSN: sentry.dsn,
      SENTRY_TRACES_SAMPLE_RATE: '1',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      ...env,
    },
  });
  t.after(() => service.stop());
  return { sentry, service };
}

test('SENTRY_TRACES_SAMPLE_RATE sends spans to the project of SENTRY_DSN, and the error is at the span of its request', async (t) => {
  const { sentry, service } = await start(t, { OTEL_SERVICE_NAME: 'shop' });
  const traceId = await fail(service, '/throws/7?token=secret', {
    'user-agent': 'secret agent',
    'x-forwarded-for': '203.0.113.9',
  });
  await until('both are there', async () => sentry.spans.length > 0 && sentry.events.length > 0);
  const [span, ...more] = sentry.spans.filter((each) => each.traceId === traceId);
  assert.deepEqual(more, []);
  assert.equal(span?.name, 'GET /throws/:id');
  assert.equal(span?.resource['service.name'], 'shop');
  const [event] = sentry.events;
  assert.equal(event?.contexts.trace.trace_id, traceId);
  assert.equal(event?.contexts.trace.span_id, span?.spanId);
  assert.doesNotMatch(JSON.stringify(sentry.requests), /secret|203\.0\.113\.9|127\.0\.0\.1:\d+.*user_agent/);
  assert.equal(span?.attributes['client.address'], undefined);
  assert.equal(span?.attributes['http.response.status_code'], 500);
});

test('a request is one span and one error, and neither is what is sent to Sentry', async (t) => {
  const { sentry, service } = await start(t, {});
  for (let request = 0; request < 3; request++) await fail(service);
  await until('all are there', async () => sentry.spans.length >= 3 && sentry.events.length >= 3);
  // What was sent would be of the next batch.
  await fail(service);
  await until('one more is there', async () => sentry.spans.length >= 4 && sentry.events.length >= 4);
  assert.deepEqual([sentry.spans.length, sentry.events.length], [4, 4]);
  assert.ok(sentry.items.every(({ type }) => type === 'event'));
  const envelopes = sentry.requests.filter(({ path }) => path.includes('envelope'));
  assert.ok(envelopes.every(({ headers }) => headers['content-type'] === 'application/x-sentry-envelope'));
  const page = await service.scrape();
  assert.doesNotMatch(page.text, new RegExp(`server_port="${sentry.port}"`));
  await until('all are counted', async () =>
    isDeepStrictEqual((await service.scrape()).values('otel_sentry_events_total', 'error_type'), { '–': 4 }),
  );
  await service.stop();
  // One line: the address of the metrics.
  assert.match(service.stderr(), /^otel: metrics of .*\n$/);
});

test('OTEL_EXPORTER_OTLP_PROTOCOL=http/json is how Sentry has them, too', async (t) => {
  const { sentry, service } = await start(t, { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
  const traceId = await fail(service);
  await until('it is there', async () => sentry.spans.some((span) => span.traceId === traceId));
  const { headers } = sentry.requests.find(({ path }) => path.includes('otlp')) ?? {};
  assert.equal(headers?.['content-type'], 'application/json');
});

test('a collector has them beside Sentry, and its headers stay its own', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  const { sentry, service } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=collectors-secret',
  });
  const traceId = await fail(service);
  const has = (spans: readonly { traceId: string }[]) => spans.some((span) => span.traceId === traceId);
  await until('both have it', async () => has(sentry.spans) && has(collector.spans));
  assert.equal(collector.requests[0]?.headers.authorization, 'collectors-secret');
  assert.doesNotMatch(JSON.stringify(sentry.requests), /collectors-secret/);
});

test('OTEL_TRACES_EXPORTER=none keeps errors and sends no spans', async (t) => {
  const { sentry, service } = await start(t, { OTEL_TRACES_EXPORTER: 'none' });
  const traceId = await fail(service);
  await until('the error is there', async () => sentry.events.length > 0);
  assert.equal(sentry.events[0]?.contexts.trace.trace_id, traceId);
  await service.stop();
  assert.deepEqual(sentry.spans, []);
});

test('OTEL_TRACES_SAMPLER comes before the rate', async (t) => {
  const { sentry, service } = await start(t, { OTEL_TRACES_SAMPLER: 'always_off' });
  await fail(service);
  await until('the error is there', async () => sentry.events.length > 0);
  await service.stop();
  assert.deepEqual(sentry.spans, []);
});

test('errors are reported where there are no metrics', async (t) => {
  const { sentry, service } = await start(t, { OTEL_METRICS_EXPORTER: 'none', SENTRY_TRACES_SAMPLE_RATE: '' });
  const traceId = await fail(service);
  await until('the error is there', async () => sentry.events.length > 0);
  assert.equal(sentry.events[0]?.contexts.trace.trace_id, traceId);
  assert.equal(sentry.events[0]?.transaction, 'GET /throws/:id');
});

test('SENTRY_ORGANIZATION_URL: the page tells where the trace of an exemplar is in Sentry', async (t) => {
  const { sentry, service } = await start(t, { SENTRY_ORGANIZATION_URL: 'https://acme.sentry.io/' });
  const traceId = await fail(service);
  await until('its span is in Sentry', async () => sentry.spans.some((span) => span.traceId === traceId));
  await service.scrape();
  const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
  const page = await (await fetch(await service.metricsUrl(), { headers })).text();
  assert.match(page, new RegExp(`^http_server_request_duration_seconds_bucket.* # \\{.*trace_id="${traceId}"`, 'm'));
  const template = /^otel_sentry_trace_url_info\{url_template="(.*?)"\} 1$/m.exec(page)?.[1];
  assert.equal(template, 'https://acme.sentry.io/explore/traces/trace/{trace_id}/');
});
