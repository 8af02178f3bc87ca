import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { type Collector, startCollector } from './support/collector.ts';
import { type Program, startProgram } from './support/program.ts';
import { until, untilSaid } from './support/until.ts';

const CALLER = 'c'.repeat(16);

/** A service whose spans would leave in ten minutes, when it is not to end. */
async function start(t: TestContext, handler: string, env: Record<string, string>, nodeArguments?: string[]) {
  const service = await startProgram('exits.cjs', {
    args: [handler],
    ...(nodeArguments && { nodeArguments }),
    env: { OTEL_BSP_SCHEDULE_DELAY: '600000', ...env },
  });
  t.after(() => service.stop());
  return service;
}

async function collectorOf(t: TestContext): Promise<Collector> {
  const collector = await startCollector();
  t.after(() => collector.stop());
  return collector;
}

async function ask({ url }: Program, path = ''): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${traceId}-${CALLER}-01`, tracestate: 'vendor=1', connection: 'close' };
  await (await fetch(`${url}/${path}`, { headers })).text();
  return traceId;
}

const ENDS = {
  none: { SIGTERM: { code: null, signal: 'SIGTERM' }, SIGINT: { code: null, signal: 'SIGINT' } },
  exit: { SIGTERM: { code: 4, signal: null }, SIGINT: { code: 4, signal: null } },
  exitWhenClosed: { SIGTERM: { code: 5, signal: null }, SIGINT: { code: 5, signal: null } },
  drain: { SIGTERM: { code: 6, signal: null }, SIGINT: { code: 6, signal: null } },
} as const;

const HANDLERS = {
  none: 'has no handler',
  exit: 'calls process.exit at once',
  exitWhenClosed: 'calls process.exit when its server is closed',
  drain: 'closes its server',
} as const;

for (const protocol of ['http/protobuf', 'http/json', 'grpc'] as const) {
  describe(`the last spans have arrived by ${protocol} when`, () => {
    const envOf = (collector: Collector) => ({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
    });

    for (const [handler, what] of Object.entries(HANDLERS) as [keyof typeof HANDLERS, string][]) {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        test(`${signal} has ended a service that ${what}`, async (t) => {
          const collector = await collectorOf(t);
          const service = await start(t, handler, envOf(collector));
          const traces = [await ask(service), await ask(service)];
          process.kill(service.pid, signal);
          assert.deepEqual(await service.exited, ENDS[handler][signal]);
          assert.deepEqual(collector.spans.map(({ traceId }) => traceId).sort(), traces.sort());
          for (const { parentSpanId, attributes, resource } of collector.spans) {
            assert.equal(parentSpanId, CALLER);
            assert.equal(attributes['http.response.status_code'], 200);
            assert.equal(resource['service.name'], '@otel-register/acceptance');
          }
        });
      }
    }

    for (const [way, code] of [
      ['exit', 3],
      ['throw', 1],
    ] as const) {
      test(`a service has ended by itself: ${way}`, async (t) => {
        const collector = await collectorOf(t);
        const service = await start(t, 'none', envOf(collector));
        const trace = await ask(service, way);
        assert.deepEqual(await service.exited, { code, signal: null });
        assert.deepEqual(
          collector.spans.map(({ traceId }) => traceId),
          [trace],
        );
      });
    }

    test('a process has nothing left to do', async (t) => {
      const collector = await collectorOf(t);
      const service = await start(t, 'at-once', envOf(collector));
      assert.deepEqual(await service.exited, { code: 0, signal: null });
      assert.equal(collector.spans.length, 2);
    });
  });
}

test('what a service still answers after SIGTERM has its span, too', async (t) => {
  const collector = await collectorOf(t);
  const service = await start(t, 'drain', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
  const early = await ask(service);
  const late = ask(service, 'slow');
  await until('it waits', async () => service.stdout().includes('waiting'));
  process.kill(service.pid, 'SIGTERM');
  assert.deepEqual(await service.exited, { code: 6, signal: null });
  assert.deepEqual(collector.spans.map(({ traceId }) => traceId).sort(), [early, await late].sort());
});

test('the agent, when it is in NODE_OPTIONS, does not run in the thread that sends', async (t) => {
  const collector = await collectorOf(t);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, NODE_OPTIONS: '-r ./otel/register' };
  const service = await start(t, 'exit', env, []);
  await ask(service);
  process.kill(service.pid, 'SIGTERM');
  assert.deepEqual(await service.exited, { code: 4, signal: null });
  assert.equal(collector.spans.length, 1);
  assert.equal(service.stderr().match(/^otel: /gm)?.length, 1);
});

describe('a collector that', () => {
  for (const [what, refuse] of [
    ['hangs', () => {}],
    ['hangs up', (response) => void response.socket?.destroy()],
    ['refuses', (response) => void response.writeHead(400).end()],
  ] as [string, Collector['refuse']][]) {
    test(`${what} costs a service that calls process.exit its last spans and a line, and nothing else`, async (t) => {
      const collector = await collectorOf(t);
      collector.refuse = refuse;
      const service = await start(t, 'exit', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
      await ask(service);
      process.kill(service.pid, 'SIGTERM');
      assert.deepEqual(await service.exited, { code: 4, signal: null });
      assert.match(
        service.stderr(),
        /^otel: the last 1 spans were not taken by OTLP over http\/protobuf and are lost$/m,
      );
    });
  }

  test('is known to be away is not waited for', async (t) => {
    const service = await start(t, 'exit', {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      OTEL_BSP_SCHEDULE_DELAY: '20',
    });
    await ask(service);
    await untilSaid(service, /ECONNREFUSED/);
    process.kill(service.pid, 'SIGTERM');
    assert.deepEqual(await service.exited, { code: 4, signal: null });
    assert.doesNotMatch(service.stderr(), /the last/);
  });
});
