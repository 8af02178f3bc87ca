import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgram } from './support/program.ts';

test('V8 sees the connections of scrapes as those of the service, whose code it need not compile anew for them', async (t) => {
  const nodeArguments = ['--allow-natives-syntax', '-r', './otel/register'];
  const service = await startProgram('connection-shapes.cjs', { nodeArguments });
  t.after(() => service.stop());
  await (await fetch(service.url)).text();
  await (await fetch(await service.metricsUrl())).text();
  assert.deepEqual(await (await fetch(service.url)).json(), [true, true]);
});
