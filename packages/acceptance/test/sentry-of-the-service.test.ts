import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { startProgram } from './support/program.ts';
import { type SentryIngest, startSentry } from './support/sentry-ingest.ts';
import { until } from './support/until.ts';

const CALLER = 'c'.repeat(16);

/** Starts a service that calls `Sentry.init` itself, with a project of its own. */
async function start(t: TestContext, libraries: string, program: string, env: Record<string, string>) {
  const [ours, own] = [await startSentry(), await startSentry()];
  t.after(() => Promise.all([ours.stop(), own.stop()]));
  const service = await startProgram(program, {
    env: {
      LIBRARIES: libraries,
      OWN_DSN: own.dsn,
      SENTRY_DSN: ours.dsn,
      SENTRY_TRACES_SAMPLE_RATE: '',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      ...env,
    },
  });
  t.after(() => service.stop());
  const ask = async (path: string) => {
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-${CALLER}-01` };
    const response = await fetch(`${service.url}/${path}`, { headers });
    return { traceId, answer: (await response.json()) as Record<string, string> };
  };
  return { ours, own, service, ask };
}

const errorsOf = ({ events }: SentryIngest) => events.map(({ exception }) => exception?.values.at(-1)?.value);

for (const libraries of ['sentry-10', 'sentry-11']) {
  for (const program of ['own-sentry.cjs', `../libraries/${libraries}/own-sentry.mjs`]) {
    const way = program.endsWith('.mjs') ? 'imported' : 'required';
    describe(`a service with ${libraries} of its own, ${way}`, () => {
      test('keeps its client, whose errors have the trace; no other one is started', async (t) => {
        const { ours, own, service, ask } = await start(t, libraries, program, { OTEL_TRACES_EXPORTER: 'console' });
        const { traceId } = await ask('captures');
        await until('its error arrives', async () => own.events.length > 0);
        const [event] = own.events;
        assert.equal(event?.contexts.trace.trace_id, traceId);
        const spanId = `id: '${event?.contexts.trace.span_id}'`;
        await until('the span of the request is printed', () => service.stdout().includes(spanId));
        await service.stop();
        assert.deepEqual([errorsOf(own), ours.requests], [['captured 1'], []]);
        assert.ok(!own.items.some(({ type }) => type === 'transaction' || type === 'span'));
        assert.deepEqual(
          service
            .stderr()
            .match(/^.+$/gm)
            ?.filter((line) => !line.startsWith('otel: metrics of ')),
          ['otel: the service starts Sentry itself: its errors are left to it, and it is told their traces'],
        );
      });

      test('calls others with one trace', async (t) => {
        const { ask } = await start(t, libraries, program, { OTEL_TRACES_EXPORTER: 'console' });
        const { traceId, answer } = await ask('http');
        const [, id, spanId] = answer.traceparent?.split('-') ?? [];
        assert.equal(id, traceId);
        assert.deepEqual(answer['sentry-trace']?.split('-').slice(0, 2), [traceId, spanId]);
        assert.match(answer.baggage ?? '', new RegExp(`sentry-trace_id=${traceId}`));
      });

      test('is not measured when it sends to Sentry', async (t) => {
        const { own, ours, service, ask } = await start(t, libraries, program, {});
        await ask('captures');
        await until('its error arrives', async () => own.events.length > 0);
        await ask('captures');
        await until('another one arrives', async () => own.events.length > 1);
        const page = await service.scrape();
        assert.doesNotMatch(page.text, new RegExp(`server_port="(?:${own.port}|${ours.port})"`));
      });

      test('is told once where it makes spans as well', async (t) => {
        const { own, service, ask } = await start(t, libraries, program, {
          OTEL_TRACES_EXPORTER: 'console',
          OWN_TRACES_SAMPLE_RATE: '1',
        });
        await ask('captures');
        await ask('captures');
        await until('its errors arrive', async () => own.events.length > 1);
        await service.stop();
        const told = service
          .stderr()
          .match(/^otel: the service's Sentry makes spans as well: every transaction is doubled/gm);
        assert.equal(told?.length, 1);
      });
    });
  }
}
