import assert from 'node:assert/strict';
import diagnosticsChannel from 'node:diagnostics_channel';
import { createServer, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { CellRegistry } from '@otel-register/cells';
import { createProbes } from '../src/index.ts';

const require = createRequire(import.meta.url);
const libraries = createRequire(new URL('../../acceptance/libraries/current/index.js', import.meta.url));
const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 100 });
const probes = createProbes(
  { cells, ignores: () => false, isOwn: () => false, cacheNames: [], spans: false },
  () => true,
);
const reader = cells.producer();
const enable = () => {
  for (const probe of probes) probe.enable();
};
const disable = () => {
  for (const probe of probes) probe.disable();
};
after(disable);

const CHANNELS = [
  'http.server.request.start',
  'http.server.response.finish',
  'net.server.socket',
  'http.client.request.error',
  'undici:request:create',
  'undici:request:trailers',
];
const watched = () => CHANNELS.filter((name) => diagnosticsChannel.hasSubscribers(name));

/** The methods that probes replace, by what has them. */
function methods(): Record<string, unknown> {
  const { Client, Pool, Query } = require('pg');
  const Redis = require('ioredis');
  const Router = require('router');
  const Koa = libraries('koa');
  const http = require('node:http');
  const WebSocket = libraries('ws');
  const amqp = (name: string) => libraries(join(dirname(libraries.resolve('amqplib')), 'lib', `${name}.js`));
  return {
    'http: write': ServerResponse.prototype.write,
    'http: end': ServerResponse.prototype.end,
    'http: addRequest': http.Agent.prototype.addRequest,
    'http: onSocket': http.ClientRequest.prototype.onSocket,
    'amqplib: publish': amqp('channel_model').Channel.prototype.publish,
    'amqplib: publish with callbacks': amqp('callback_model').Channel.prototype.publish,
    'amqplib: accept': amqp('channel').Channel.prototype.accept,
    'amqplib: sendImmediately': amqp('channel').Channel.prototype.sendImmediately,
    'amqplib: sendOrEnqueue': amqp('channel').Channel.prototype.sendOrEnqueue,
    'amqplib: dispatchMessage': amqp('channel').BaseChannel.prototype.dispatchMessage,
    'amqplib: toClosed': amqp('connection').Connection.prototype.toClosed,
    'amqplib: connect': amqp('connect').connect,
    'ws: setSocket': WebSocket.prototype.setSocket,
    'ws: emitClose': WebSocket.prototype.emitClose,
    'ws: handleUpgrade': WebSocket.Server.prototype.handleUpgrade,
    'ws: sendFrame': WebSocket.Sender.prototype.sendFrame,
    'ws: dataMessage': WebSocket.Receiver.prototype.dataMessage,
    'socket.io: ondata': libraries(join(dirname(libraries.resolve('socket.io')), 'client.js')).Client.prototype.ondata,
    'socket.io-client: ondata': libraries('socket.io-client').Manager.prototype.ondata,
    'koa: createContext': Koa.prototype.createContext,
    'hapi: _lookup': libraries('@hapi/hapi/lib/request.js').prototype._lookup,
    'pg: _connect': (Client.prototype as unknown as { _connect: unknown })._connect,
    'pg: _pulseQueryQueue': Client.prototype._pulseQueryQueue,
    'pg: handleReadyForQuery': Query.prototype.handleReadyForQuery,
    'pg: handleError': Query.prototype.handleError,
    'pg-pool: connect': Pool.prototype.connect,
    'pg-pool: newClient': Pool.prototype.newClient,
    'pg-pool: _acquireClient': Pool.prototype._acquireClient,
    'pg-pool: _release': Pool.prototype._release,
    'ioredis: sendCommand': Redis.prototype.sendCommand,
    'redis: addCommand': libraries('@redis/client/dist/lib/client/commands-queue.js').default.prototype.addCommand,
    'redis: RedisSocket': libraries('@redis/client/dist/lib/client/socket.js').default,
    'router: use': Router.prototype.use,
    'router: param': Router.prototype.param,
    'router: handleRequest': Object.getPrototypeOf(new Router().use(() => {}).stack[0]).handleRequest,
  };
}

/** What a server's requests add to the durations. */
async function countedOf(requests: number): Promise<number> {
  const counted = async () => {
    const { resourceMetrics } = await reader.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const points = metrics.find(({ descriptor }) => descriptor.name === 'http.server.requests')?.dataPoints ?? [];
    return points.reduce((sum, { value }) => sum + (value as number), 0);
  };
  const before = await counted();
  const server = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (let i = 0; i < requests; i++) await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return (await counted()) - before;
}

test('probes that were never enabled watch nothing', () => {
  assert.deepEqual(watched(), []);
});

test('probes that are enabled twice count once', async () => {
  enable();
  enable();
  assert.equal(await countedOf(3), 3);
});

test('replaced methods have the name and the length of the original, and disabling puts the originals back', async () => {
  const replaced = methods();
  disable();
  const originals = methods();
  for (const [name, original] of Object.entries(originals) as [string, { name: string; length: number }][]) {
    const replacement = replaced[name] as { name: string; length: number };
    assert.notEqual(replacement, original, name);
    assert.deepEqual([replacement.name, replacement.length], [original.name, original.length], name);
  }
  assert.deepEqual(watched(), []);
  assert.equal(await countedOf(1), 0);
});

test('probes can be enabled again', async () => {
  const originals = methods();
  enable();
  for (const [name, method] of Object.entries(methods())) assert.notEqual(method, originals[name], name);
  assert.equal(await countedOf(2), 2);
});
