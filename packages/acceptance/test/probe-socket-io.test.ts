import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { defineTestsOfConnections } from './support/connection-tests.ts';
import { exchanged, Traffic } from './support/connection-traffic.ts';
import { type Program, startProgram } from './support/program.ts';

/** That of the packet which answers a connection to a namespace: `0{"sid":"..."}`. */
const CONNECTED = `0{"sid":"${'x'.repeat(20)}"}`.length;

const VARIANTS = [
  { how: 'current', program: 'socket-io.cjs', libraries: 'current' },
  { how: 'oldest', program: 'socket-io.cjs', libraries: 'oldest' },
  { how: 'imported', program: '../libraries/current/socket-io.mjs', libraries: 'current' },
];

for (const { how, program, libraries } of VARIANTS) {
  describe(`socket.io (${how})`, () => {
    let service: Program;
    let traffic: Traffic;
    before(async () => {
      service = await startProgram(program, { env: { LIBRARIES: libraries } });
      traffic = new Traffic(service, 'socketio');
    });
    after(() => service.stop());

    for (const transport of ['websocket', 'polling'])
      test(`events and acknowledgements are counted on both sides, over ${transport}`, async () => {
        const { result, added } = await traffic.take(transport);
        assert.deepEqual(result, [17, 'é']);
        const up = ['0', '20["ask","how long is this?"]', '2["echo","é"]', '1'];
        const down = ['30[17]', '2["echo","é"]'];
        const bytes = (packets: string[]) => Buffer.byteLength(packets.join(''));
        assert.deepEqual(added, exchanged([2, bytes(up)], [2, CONNECTED + bytes(down)]));
      });

    test('a connection that changes its transport stays the one that it is', async () => {
      const { result, added } = await traffic.take('upgraded');
      assert.deepEqual([result, added['server messages receive'], added['client messages receive']], [20, 1, 1]);
      await traffic.open(0, 0);
    });

    test('binary attachments are part of their message', async () => {
      const { result, added } = await traffic.take('binary');
      assert.deepEqual(result, [100, 50]);
      const of = (what: string) => [added[`server messages ${what}`], added[`client messages ${what}`]];
      assert.deepEqual([of('receive'), of('transmit')].flat(), [2, 2, 2, 2]);
      assert.ok((added['server bytes receive'] ?? 0) > 150);
    });

    test('namespaces share their connection', async () => {
      const { added } = await traffic.take('namespaces');
      assert.deepEqual([added['server messages receive'], added['client messages receive']], [1, 1]);
    });

    test('what is sent to all is one message for each', async () => {
      const { added } = await traffic.take('broadcast');
      assert.deepEqual([added['server messages transmit'], added['client messages receive']], [3, 3]);
      assert.deepEqual([added['server messages receive'], added['client messages transmit']], [1, 1]);
    });

    defineTestsOfConnections({
      metrics: 'socketio',
      serverProgram: 'socket-io.cjs',
      program,
      libraries,
      service: () => service,
      traffic: () => traffic,
      endings: [
        ['close', 'closed by the client'],
        ['disconnect', 'closed by the server'],
      ],
    });

    test('its WebSockets are not counted as such, too', async () => {
      assert.doesNotMatch((await service.scrape()).text, /^websocket_/m);
    });
  });
}
