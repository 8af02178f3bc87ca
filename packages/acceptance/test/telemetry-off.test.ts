import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort, type Stack, serviceNames, startStack } from '@payments/local-stack';
import { call } from './support/api-client.ts';
import { sendKnownTraffic } from './support/known-traffic.ts';

describe('with OTEL_SDK_DISABLED=true', () => {
  let stack: Stack;
  let port: number;
  before(async () => {
    port = await freePort();
    const env = {
      OTEL_SDK_DISABLED: 'true',
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open',
    };
    stack = await startStack({ agent: true, env });
  });
  after(() => stack?.stop());

  for (const name of serviceNames) {
    test(`${name} has no /metrics but its own answer to a path that it does not know`, async () => {
      const { url } = stack.services[name];
      const [metrics, other] = [await call(`${url}/metrics`), await call(`${url}/nothing`)];
      assert.deepEqual([metrics.status, metrics.body.title], [other.status, other.body.title]);
      assert.equal(metrics.status, 404);
    });
  }

  test('nothing listens on the port of the metrics', async () => {
    await assert.rejects(fetch(`http://localhost:${port}/metrics`), ({ cause }) => {
      const { errors = [cause] } = cause as { errors?: NodeJS.ErrnoException[] };
      return errors.every(({ code }: NodeJS.ErrnoException) => code === 'ECONNREFUSED');
    });
  });

  test('the services do their work, and nothing of the agent is said', async () => {
    await sendKnownTraffic(stack);
    for (const name of serviceNames) {
      const { stdout, stderr } = stack.services[name];
      assert.equal(stderr(), '', name);
      for (const line of stdout().trim().split('\n')) assert.match(line, /^\{"level":/, name);
    }
  });
});
