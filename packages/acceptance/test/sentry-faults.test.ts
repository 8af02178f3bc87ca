import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { freePort } from '@payments/local-stack';
import { type Program, runProgram, startProgram } from './support/program.ts';
import { type SentryIngest, startSentry } from './support/sentry-ingest.ts';
import { until, untilSaid } from './support/until.ts';

async function startService(t: TestContext, dsn: string): Promise<Program> {
  const service = await startProgram('express-routes-commonjs.cjs', { env: { NODE_ENV: 'test', SENTRY_DSN: dsn } });
  t.after(() => service.stop());
  return service;
}

async function startOwnSentry(t: TestContext, port?: number): Promise<SentryIngest> {
  const sentry = await startSentry(port);
  t.after(() => sentry.stop());
  return sentry;
}

/** Asks the service for an error, which it answers as ever. */
async function fail({ url }: Program): Promise<void> {
  assert.equal((await fetch(`${url}/throws/7`)).status, 500);
}

const eventCounts = async (service: Program) =>
  (await service.scrapeNow()).values('otel_sentry_events_total', 'error_type');

const lines = (service: Program) => service.stderr().match(/^otel: errors .*$/gm) ?? [];

describe('a Sentry that is', () => {
  const faults: Record<string, { refuse: SentryIngest['refuse']; counted: string }> = {
    overloaded: { refuse: (response) => void response.writeHead(503).end(), counted: '503' },
    'throttling without saying for how long': {
      refuse: (response) => void response.writeHead(429, { 'retry-after': '0' }).end(),
      counted: '429',
    },
    'refusing what is too large': { refuse: (response) => void response.writeHead(413).end(), counted: '413' },
    'answering with nonsense': {
      refuse: (response) => void response.socket?.end('nonsense\r\n\r\n'),
      counted: 'HPE_INVALID_CONSTANT',
    },
    'hanging up': { refuse: (response) => void response.socket?.destroy(), counted: 'ECONNRESET' },
  };
  for (const [fault, { refuse, counted }] of Object.entries(faults)) {
    test(`${fault} costs the service nothing: what is lost is counted and said once, and later errors arrive`, async (t) => {
      const sentry = await startOwnSentry(t);
      const service = await startService(t, sentry.dsn);
      sentry.refuse = refuse;
      for (let lost = 1; lost <= 3; lost++) {
        await fail(service);
        await until('it is counted', async () => (await eventCounts(service))[counted] === lost);
      }
      sentry.refuse = undefined;
      await fail(service);
      await until('it has the next', async () => sentry.events.length === 1);
      await until('that is counted too', async () => (await eventCounts(service))['–'] === 1);
      assert.deepEqual(await eventCounts(service), { [counted]: 3, '–': 1 });
      await untilSaid(service, /^otel: errors are reported to Sentry .* again/m);
      const [lost, again, ...more] = lines(service);
      assert.match(
        lost ?? '',
        /^otel: errors cannot be reported to Sentry at 127\.0\.0\.1: .*the service is not affected$/,
      );
      assert.equal(again, 'otel: errors are reported to Sentry at 127.0.0.1 again; 3 were lost');
      assert.deepEqual(more, []);
    });
  }

  test('throttling is left alone for as long as it asks', async (t) => {
    const sentry = await startOwnSentry(t);
    const service = await startService(t, sentry.dsn);
    sentry.refuse = (response) => void response.writeHead(429, { 'retry-after': '600' }).end();
    await fail(service);
    await until('it has asked for it', async () => (await eventCounts(service))['429'] === 1);
    sentry.refuse = undefined;
    for (let request = 0; request < 5; request++) await fail(service);
    await until('they are counted', async () => (await eventCounts(service)).rate_limited === 5);
    assert.equal(sentry.requests.length, 1);
  });

  test('away is one line, and has the next errors when it is back', async (t) => {
    const port = await freePort();
    const service = await startService(t, `http://publickey@127.0.0.1:${port}/42`);
    for (let request = 0; request < 3; request++) await fail(service);
    await until('they are counted', async () => (await eventCounts(service)).ECONNREFUSED === 3);
    const back = await startOwnSentry(t, port);
    await fail(service);
    await until('it has the next', async () => back.events.length === 1);
    await until('that is said', async () => lines(service).length > 1);
    assert.equal(lines(service).length, 2);
  });

  test('nowhere in the DNS costs the service nothing', async (t) => {
    const service = await startService(t, 'https://publickey@sentry.invalid/42');
    await fail(service);
    await fail(service);
    await until('both are counted', async () => {
      const { ENOTFOUND = 0, EAI_AGAIN = 0 } = await eventCounts(service);
      return ENOTFOUND + EAI_AGAIN === 2;
    });
    await service.stop();
    assert.equal(lines(service).length, 1);
  });

  test('hanging makes the queue full: what is beyond is dropped and counted, and when it answers again the next arrive', async (t) => {
    const sentry = await startOwnSentry(t);
    const service = await startService(t, sentry.dsn);
    sentry.refuse = () => {};
    await until('some are dropped', async () => {
      for (let request = 0; request < 20; request++) await fail(service);
      return ((await eventCounts(service)).queue_full ?? 0) >= 36;
    });
    sentry.refuse = undefined;
    await until('the others are given up', async () => ((await eventCounts(service)).ETIMEDOUT ?? 0) > 0);
    await until('the next arrives', async () => {
      await fail(service);
      return sentry.events.length > 0;
    });
  });
});

describe('the end of the process', () => {
  for (const scenario of ['exception', 'own-handler', 'own-handler-that-exits']) {
    test(`is not put off by a Sentry that hangs, and what is lost is said: ${scenario}`, async (t) => {
      const sentry = await startOwnSentry(t);
      sentry.refuse = () => {};
      const ended = await runProgram('process-errors.cjs', { args: [scenario], env: { SENTRY_DSN: sentry.dsn } });
      const code = { exception: 1, 'own-handler': 0, 'own-handler-that-exits': 3 }[scenario];
      assert.deepEqual([ended.code, ended.signal], [code, null]);
      await until('it was asked', () => sentry.requests.length > 0);
      assert.equal(sentry.requests.length, 1);
      assert.match(ended.stderr, /^otel: .*(?:lost|cannot be reported).*$/m);
    });
  }

  test('does not wait for a Sentry that is away', async () => {
    const dsn = `http://publickey@127.0.0.1:${await freePort()}/42`;
    const ended = await runProgram('process-errors.cjs', { args: ['exception'], env: { SENTRY_DSN: dsn } });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^otel: errors cannot be reported to Sentry at 127\.0\.0\.1: .*$/m);
    assert.match(ended.stderr, /^Error: thrown$/m);
  });
});
