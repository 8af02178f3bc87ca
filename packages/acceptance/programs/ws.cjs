'use strict';
const { once } = require('node:events');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const WebSocket = libraries('ws');

/** A server that sends back what it gets. */
function listen(Server, options) {
  const server = new Server({ port: 0, host: '127.0.0.1', ...options });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary ?? typeof data !== 'string' }));
    socket.on('error', () => {});
  });
  return server;
}

const server = listen(WebSocket.Server);
const url = (of = server) => process.env.SERVER ?? `ws://127.0.0.1:${of.address().port}`;

async function connected(to = url(), options = {}, Client = WebSocket) {
  const client = new Client(to, options);
  client.on('error', () => {});
  await once(client, 'open');
  return client;
}

async function closed(client) {
  client.close();
  await once(client, 'close');
}

/** Sends each and waits for it to come back. */
async function exchange(client, ...messages) {
  for (const message of messages) {
    client.send(message);
    await once(client, 'message');
  }
}

let held = [];

serveSteps({
  url: () => url(),
  async exchange() {
    const client = await connected();
    await exchange(client, 'hello', 'é', '', Buffer.alloc(200), Buffer.alloc(70_000));
    await closed(client);
  },
  async fragments() {
    const client = await connected();
    client.send('ab', { fin: false });
    client.send('cde', { fin: true });
    const [data] = await once(client, 'message');
    await closed(client);
    return String(data);
  },
  async control() {
    const client = await connected();
    client.ping('are you there');
    await once(client, 'pong');
    await closed(client);
  },
  async compressed() {
    const squeezing = listen(WebSocket.Server, { perMessageDeflate: { threshold: 0 } });
    await once(squeezing, 'listening');
    const client = await connected(`ws://127.0.0.1:${squeezing.address().port}`);
    await exchange(client, 'a'.repeat(10_000), 'a'.repeat(10_000));
    await closed(client);
    squeezing.close();
  },
  /** The service sends as soon as it is told that the connection is open. */
  async atOnce() {
    const client = new WebSocket(url());
    client.on('open', () => client.send('first'));
    await once(client, 'message');
    await closed(client);
  },
  async module() {
    const file = join(dirname(libraries.resolve('ws')), 'wrapper.mjs');
    const { WebSocketServer, default: Client } = await import(pathToFileURL(file).href);
    const other = listen(WebSocketServer);
    await once(other, 'listening');
    const client = await connected(`ws://127.0.0.1:${other.address().port}`, {}, Client);
    await exchange(client, 'hello');
    await closed(client);
    other.close();
  },
  async open() {
    held = await Promise.all([connected(), connected(), connected()]);
  },
  async close() {
    await Promise.all(held.map(closed));
  },
  terminate: () => Promise.all(held.map((client) => client.terminate())).then(() => null),
  /** What a server ends without a word. */
  cut: () => {
    for (const client of server.clients) client.terminate();
  },
  refused: () => outcome(once(new WebSocket(process.env.REFUSED), 'open')),
  /** A payload that the server does not take. */
  async tooLong() {
    const strict = listen(WebSocket.Server, { maxPayload: 10 });
    await once(strict, 'listening');
    const client = await connected(`ws://127.0.0.1:${strict.address().port}`);
    client.send('more than ten bytes');
    const [code] = await once(client, 'close');
    strict.close();
    return code;
  },
  async seen() {
    const client = await connected();
    const methods = ['setSocket', 'emitClose', 'send'].map((name) => [client[name].name, client[name].length]);
    const listeners = client.eventNames().map((name) => [String(name), client.listenerCount(name)]);
    const socketListeners = client._socket
      .eventNames()
      .map((name) => [String(name), client._socket.listenerCount(name)]);
    const keys = Object.keys(client).sort();
    await closed(client);
    return { methods, listeners, socketListeners, keys };
  },
});
