import assert from 'node:assert/strict';
import diagnosticsChannel from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, createServer, get, OutgoingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CellRegistry } from '@otel-register/cells';
import { createProbes } from '../src/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const require = createRequire(import.meta.url);

const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 100 });
const probes = createProbes(
  { cells, ignores: () => false, isOwn: () => false, cacheNames: [], spans: true },
  () => true,
);
const server = createServer({ keepAliveTimeout: 0 }, (_, response) => response.end('hello'));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
after(() => {
  agent.destroy();
  server.close();
});

/** Everything is switched on, serves and sends a request, and is switched off: that ten times, nine of them without a request. */
async function tenRounds(): Promise<void> {
  for (let i = 0; i < 9; i++) {
    for (const probe of probes) probe.enable();
    for (const probe of probes) probe.disable();
  }
  for (const probe of probes) probe.enable();
  const { port } = server.address() as AddressInfo;
  const [response] = await once(get({ port, host: '127.0.0.1', agent }), 'response');
  await once(response.resume(), 'close');
  for (const probe of probes) probe.disable();
}

/** What could be left behind, but for memory. */
function visible() {
  const { Client, Pool } = require('pg');
  const sockets = Object.values(agent.freeSockets).flatMap((each) => each ?? []);
  return {
    resources: process.getActiveResourcesInfo().sort(),
    listeners: process.eventNames().map((event) => [event, process.listenerCount(event)]),
    ofServer: server.eventNames().map((event) => [event, server.listenerCount(event)]),
    ofConnections: sockets.map((socket) => socket.eventNames().map((event) => [event, socket.listenerCount(event)])),
    own: Reflect.ownKeys(server).length,
    globals: Reflect.ownKeys(globalThis).length,
    channels: [
      'http.server.request.start',
      'http.client.request.error',
      'undici:request:create',
      'net.server.socket',
    ].filter((name) => diagnosticsChannel.hasSubscribers(name)),
    methods: [Client.prototype._connect, Pool.prototype.connect, OutgoingMessage.prototype.write].map(String),
    module: require.cache[require.resolve('pg')]?.constructor.prototype.require,
  };
}

/** The same when the last connection is free again and no file is being read or written, by whomever. */
async function visibleAtRest() {
  for (;;) {
    for (let turn = 0; turn < 1_000; turn++) await setImmediate();
    const now = visible();
    if (!now.resources.some((resource) => resource.startsWith('FSReq'))) return now;
  }
}

test('probes that are switched on and off four thousand times leave nothing behind', async () => {
  for (const name of ['pg', 'ioredis', 'express']) require(name);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // What is kept once, such as the cells of a request, is there by then.
  for (let i = 0; i < 100; i++) await tenRounds();
  const before = await visibleAtRest();
  let grown = Number.POSITIVE_INFINITY;
  // One function that is kept each time is more; what the compiler keeps by itself, it keeps once.
  for (let attempt = 0; attempt < 3 && grown >= 160; attempt++) {
    const memory = used();
    for (let i = 0; i < 400; i++) await tenRounds();
    grown = (used() - memory) / 4_000;
  }
  assert.deepEqual(await visibleAtRest(), before);
  assert.ok(grown < 160, `${grown} bytes more are in use for each time`);
});

function used(): number {
  for (let i = 0; i < 3; i++) collectGarbage();
  return process.memoryUsage().heapUsed;
}
