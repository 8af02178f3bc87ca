import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '@payments/local-stack';
import { defineTestsOfConnections } from './support/connection-tests.ts';
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

    test('a connection that is refused is no connection, and an error of the HTTP request', async () => {
      const { result, added } = await traffic.take('refused');
      assert.deepEqual([result.code, added], ['ECONNREFUSED', {}]);
      assert.equal((await service.scrape()).values('http_client_errors_total', 'error_type').ECONNREFUSED, 1);
    });

    defineTestsOfConnections({
      metrics: 'websocket',
      serverProgram: 'ws.cjs',
      program: 'ws.cjs',
      libraries,
      service: () => service,
      traffic: () => traffic,
      endings: [
        ['close', 'closed'],
        ['terminate', 'broken off by the client'],
        ['cut', 'broken off by the server'],
      ],
    });

    if (libraries === 'current')
      test('where ws is imported it is measured alike', async () => {
        assert.deepEqual((await traffic.take('module')).added, thereAndBack(1, 5));
      });
  });
}
