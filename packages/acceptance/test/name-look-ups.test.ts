import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { startCollector } from './support/collector.ts';
import { NO_NAME_SERVER, startNameServer } from './support/name-server.ts';
import { runProgram, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

const NAME = 'somewhere.example.test';

/** What names a host that is connected to or listened on. */
const HOSTS: Record<string, Record<string, string>> = {
  'the page listens on it': { OTEL_EXPORTER_PROMETHEUS_HOST: NAME },
  'spans are sent there by http/protobuf': { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${NAME}:4318` },
  'spans are sent there by grpc': {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${NAME}:4317`,
  },
  'metrics are sent there': {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${NAME}:4318`,
    OTEL_METRIC_EXPORT_INTERVAL: '100',
  },
  'spans are sent to Sentry there': { SENTRY_DSN: `https://key@${NAME}/1`, SENTRY_TRACES_SAMPLE_RATE: '1' },
};

const ENDS = {
  drain: ['has nothing left to do', { code: 6, signal: null }],
  exit: ['calls process.exit', { code: 4, signal: null }],
  none: ['is ended by a signal', { code: null, signal: 'SIGTERM' }],
} as const;

/** A service whose agent has asked the name server for both kinds of addresses, and has the name looked up elsewhere now. */
async function startAsking(t: TestContext, handler: string, env: Record<string, string>) {
  const names = await startNameServer(t);
  const service = await startProgram('exits.cjs', {
    ...names.asked,
    args: [handler],
    env: { OTEL_BSP_SCHEDULE_DELAY: '10', ...env },
  });
  t.after(() => service.stop());
  assert.equal(await (await fetch(service.url)).text(), 'hello');
  await until('the name is looked up', () => names.questions(NAME) > 2);
  return service;
}

// The system would wait for longer than these tests may take, and the process with it.
describe('a name server that never answers does not hold up the end of a service', { skip: NO_NAME_SERVER }, () => {
  for (const [what, env] of Object.entries(HOSTS)) {
    for (const [handler, [ending, end]] of Object.entries(ENDS)) {
      test(`that ${ending}, where ${what}`, { timeout: 120_000 }, async (t) => {
        const service = await startAsking(t, handler, env);
        process.kill(service.pid, 'SIGTERM');
        assert.deepEqual(await service.exited, end);
      });
    }
  }

  for (const [scenario, code] of [
    ['own-rejection-handler', 0],
    ['exception', 1],
  ] as const) {
    test(`whose error is reported to Sentry: ${scenario}`, { timeout: 120_000 }, async (t) => {
      const names = await startNameServer(t);
      const env = { SENTRY_DSN: `https://key@${NAME}/1` };
      const ended = await runProgram('process-errors.cjs', { ...names.asked, args: [scenario], env });
      assert.deepEqual([ended.code, ended.signal], [code, null]);
      assert.ok(names.questions(NAME) > 0);
    });
  }
});

describe('a name is found', { skip: NO_NAME_SERVER }, () => {
  for (const [where, answer, hosts] of [
    ['by the name server', '127.0.0.1', ''],
    ['in /etc/hosts, while the name server does not answer', undefined, `127.0.0.1 ${NAME}`],
  ] as const) {
    test(`${where}: the page listens on it`, async (t) => {
      const names = await startNameServer(t, answer, hosts);
      const env = { OTEL_EXPORTER_PROMETHEUS_HOST: NAME };
      const service = await startProgram('exits.cjs', { ...names.asked, env });
      t.after(() => service.stop());
      const url = await service.metricsUrl();
      assert.equal(new URL(url).hostname, NAME);
      assert.equal((await fetch(url.replace(NAME, '127.0.0.1'))).status, 200);
      assert.equal(names.questions(NAME) > 0, answer !== undefined);
    });

    for (const protocol of ['http/protobuf', 'grpc'] as const) {
      test(`${where}: spans are sent there by ${protocol}`, async (t) => {
        const names = await startNameServer(t, answer, hosts);
        const collector = await startCollector();
        t.after(() => collector.stop());
        const url = protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl;
        const env = {
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: url.replace(/127\.0\.0\.1|localhost/, NAME),
          OTEL_BSP_SCHEDULE_DELAY: '10',
        };
        const service = await startProgram('exits.cjs', { ...names.asked, env });
        t.after(() => service.stop());
        await fetch(service.url);
        await until('the span has arrived', () => collector.spans.length === 1);
      });
    }
  }
});
