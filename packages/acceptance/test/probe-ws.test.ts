import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '@payments/local-stack';
import { Traffic, thereAndBack } from './support/connection-traffic.ts';
import { type Program, startProgram } from './support/program.ts';

for (const libraries of ['current', 'oldest']) {
  describe(`ws (${libraries})`, () => {
    let service: Program;
    let traffic: Traffic;
    before(async () => {
      service = await startProgram('ws.cjs', {
        env: { LIBRARIES: libraries, REFUSED: `ws://127.0.0.1:${await freePort()}` },
      });
      traffic = new Traffic(service, 'websocket');
    });
    after(() => service.stop());

    test('before the first connection there is nothing', async () => {
      assert.doesNotMatch((await service.scrape()).text, /^websocket_/m);
    });

    test('messages of all lengths are counted on both sides, with their bytes', async () => {
      assert.deepEqual((await traffic.take('exchange')).added, thereAndBack(5, 5 + 2 + 200 + 70_000));
    });

    test('a message in fragments is one message', async () => {
      assert.deepEqual(await traffic.take('fragments'), { result: 'abcde', added: thereAndBack(1, 5) });
    });

    test('pings and pongs are no messages', async () => {
      assert.deepEqual((await traffic.take('control')).added, {});
    });

    test('the bytes of compressed messages are those on the wire', async () => {
      const { added } = await traffic.take('compressed');
      const bytes = added['client bytes transmit'] ?? 0;
      assert.ok(bytes > 0 && bytes < 1_000, `${bytes} bytes`);
      assert.deepEqual(added, thereAndBack(2, bytes));
    });

    test('what is sent as soon as the connection is open is counted', async () => {
      assert.deepEqual((await traffic.take('atOnce')).added, thereAndBack(1, 5));
    });

    test('a message that the other side does not take was sent and not received', async () => {
      const { result, added } = await traffic.take('tooLong');
      assert.deepEqual([result, added], [1009, { 'client messages transmit': 1, 'client bytes transmit': 19 }]);
    });

    for (const [step, how] of [
      ['close', 'closed'],
      ['terminate', 'broken off by the client'],
      ['cut', 'broken off by the server'],
    ] as const) {
      test(`connections are open until they are ${how}`, async () => {
        await traffic.open(0, 0);
        await service.step('open');
        await traffic.open(3, 3);
        await service.step(step);
        await traffic.open(0, 0);
      });
    }

    test('when the server is killed, no connection is left open', async () => {
      const other = await startProgram('ws.cjs', { nodeArguments: [], env: { LIBRARIES: libraries } });
      const client = await startProgram('ws.cjs', {
        env: { LIBRARIES: libraries, SERVER: (await other.step('url')) as string },
      });
      try {
        const seen = new Traffic(client, 'websocket');
        await client.step('open');
        await seen.open(0, 3);
        process.kill(other.pid, 'SIGKILL');
        await seen.open(0, 0);
      } finally {
        await client.stop();
        await other.stop();
      }
    });

    test('a connection that is refused is no connection, and an error of the HTTP request', async () => {
      const { result, added } = await traffic.take('refused');
      assert.deepEqual([result.code, added], ['ECONNREFUSED', {}]);
      assert.equal((await service.scrape()).values('http_client_errors_total', 'error_type').ECONNREFUSED, 1);
    });

    test('a service sees of its connections what it sees without the agent', async (t) => {
      const bare = await startProgram('ws.cjs', { nodeArguments: [], env: { LIBRARIES: libraries } });
      t.after(() => bare.stop());
      assert.deepEqual(await service.step('seen'), await bare.step('seen'));
    });

    if (libraries === 'current')
      test('where ws is imported it is measured alike', async () => {
        assert.deepEqual((await traffic.take('module')).added, thereAndBack(1, 5));
      });
  });
}
