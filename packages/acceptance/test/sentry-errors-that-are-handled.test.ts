import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgram } from './support/program.ts';
import { startSentry } from './support/sentry-ingest.ts';
import { until, untilSaid } from './support/until.ts';

for (const framework of ['express', 'fastify', 'koa']) {
  for (const libraries of ['current', 'oldest']) {
    test(`errors of ${framework} (${libraries}) go on to the service's own handler, and are reported with the status of its answer`, async (t) => {
      const sentry = await startSentry();
      t.after(() => sentry.stop());
      const start = (env: Record<string, string>, nodeArguments?: string[]) =>
        startProgram('own-error-handlers.cjs', {
          args: [framework],
          env: { LIBRARIES: libraries, NODE_ENV: 'test', ...env },
          ...(nodeArguments && { nodeArguments }),
        });
      const [bare, service] = [await start({}, []), await start({ SENTRY_DSN: sentry.dsn })];
      t.after(() => Promise.all([bare.stop(), service.stop()]));
      const answer = async (url: string) => {
        const response = await fetch(url);
        return [response.status, await response.text()];
      };
      for (const path of ['/throws', '/refuses', '/value']) {
        assert.deepEqual(await answer(service.url + path), await answer(bare.url + path), path);
      }
      await until('both are reported', async () => sentry.events.length >= 2);
      await service.stop();
      const reported = sentry.events.map(({ exception, contexts }) => [
        /thrown|only a text/.exec(exception?.values.at(-1)?.value ?? '')?.[0],
        contexts.metrics.http_response_status_code,
      ]);
      const ofValue = framework === 'koa' ? '500' : '503';
      assert.deepEqual(reported.sort(), [
        ['only a text', ofValue],
        ['thrown', '503'],
      ]);
    });
  }
}

test("SENTRY_DEBUG=true tells on stderr what Sentry's SDK does, and nothing on stdout", async (t) => {
  const sentry = await startSentry();
  t.after(() => sentry.stop());
  const service = await startProgram('own-error-handlers.cjs', {
    args: ['express'],
    env: { SENTRY_DSN: sentry.dsn, SENTRY_DEBUG: 'true' },
  });
  t.after(() => service.stop());
  await fetch(`${service.url}/throws`);
  await until('it is reported', async () => sentry.events.length === 1);
  await untilSaid(service, /^otel: sentry: Captured error event `thrown`$/m);
  await service.stop();
  assert.equal(service.stdout(), `listening on ${service.url}\n`);
});
