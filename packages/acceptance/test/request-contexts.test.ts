import { test } from 'node:test';
import { rawConnection } from './support/raw-connection.ts';
import { startTraced } from './support/traced-program.ts';
import { until } from './support/until.ts';

const inTrace = (digit: string, head: string) => `${head}\ntraceparent: 00-${digit.repeat(32)}-${digit.repeat(16)}-01`;

test('requests of one connection are handled each in its own trace, and what is no request in none', async (t) => {
  const traced = await startTraced('request-contexts.cjs', { env: {} });
  t.after(() => traced.stop());
  const client = await rawConnection(traced.program.url);
  t.after(() => client.destroy());
  client.send(inTrace('a', 'GET /'), inTrace('b', 'GET /'));
  await client.received(/aa;[\s\S]*bb;/);
  client.send(inTrace('d', 'POST /\ncontent-length: 2'));
  client.socket.write('x');
  client.socket.write('y');
  await client.received(/dd;/);
  client.send(inTrace('e', 'GET /'));
  await client.received(/ee;/);
  await client.destroy();
  await until('what was seen outside of requests', async () =>
    /^-{5,}$/.test(await (await fetch(`${traced.program.url}/outside`)).text()),
  );
});
