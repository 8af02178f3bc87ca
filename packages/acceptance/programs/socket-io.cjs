'use strict';
const { createServer } = require('node:http');
const libraries = require('./libraries.cjs');
const { serveSteps } = require('./steps.cjs');

/** A Socket.IO server and clients of its own, or of the one that the environment variable SERVER names. */
function start(Server, connect) {
  const httpServer = createServer().listen(0, '127.0.0.1');
  const server = new Server(httpServer);

  for (const namespace of [server.of('/'), server.of('/other')]) {
    namespace.on('connection', (socket) => {
      socket.on('ask', (question, answer) => answer(question.length));
      socket.on('echo', (...parts) => socket.emit('echo', ...parts));
      socket.on('join', (room, joined) => {
        socket.join(room);
        joined();
      });
      socket.on('to all', (text) => namespace.emit('news', text));
    });
  }

  const url = () => process.env.SERVER ?? `http://127.0.0.1:${httpServer.address().port}`;

  function connected(options = {}, path = '') {
    const client = connect(url() + path, { forceNew: true, reconnection: false, ...options });
    return new Promise((resolve, reject) => {
      client.on('connect', () => resolve(client));
      client.on('connect_error', reject);
    });
  }

  /** Settles when both ends know that it is closed. */
  async function closed(...clients) {
    const before = server.engine.clientsCount;
    for (const client of clients) client.disconnect();
    if (process.env.SERVER) return;
    while (server.engine.clientsCount > before - clients.length) await new Promise(setImmediate);
  }

  const heard = (client, event) => new Promise((resolve) => client.once(event, (...parts) => resolve(parts)));
  const asked = (client, ...args) => new Promise((resolve) => client.emit(...args, resolve));

  /** Two events, one of them acknowledged, and back, over either transport. */
  async function exchange(transport) {
    const client = await connected({ transports: [transport] });
    const length = await asked(client, 'ask', 'how long is this?');
    client.emit('echo', 'é');
    const [text] = await heard(client, 'echo');
    await closed(client);
    return [length, text];
  }

  let held = [];

  serveSteps({
    url: () => url(),
    websocket: () => exchange('websocket'),
    polling: () => exchange('polling'),
    async upgraded() {
      const client = await connected();
      const { engine } = client.io;
      if (engine.transport.name !== 'websocket') await new Promise((resolve) => engine.once('upgrade', resolve));
      const length = await asked(client, 'ask', 'over a WebSocket now');
      await closed(client);
      return length;
    },
    async binary() {
      const client = await connected({ transports: ['websocket'] });
      client.emit('echo', Buffer.alloc(100), { and: Buffer.alloc(50) });
      const [first, second] = await heard(client, 'echo');
      client.emit('echo', 'text again');
      await heard(client, 'echo');
      await closed(client);
      return [first.length, second.and.length];
    },
    async namespaces() {
      const client = await connected({ transports: ['websocket'] });
      const other = client.io.socket('/other').connect();
      await heard(other, 'connect');
      await asked(other, 'ask', 'in the other one');
      other.disconnect();
      await closed(client);
    },
    async broadcast() {
      const clients = await Promise.all([1, 2, 3].map(() => connected({ transports: ['websocket'] })));
      const news = clients.map((client) => heard(client, 'news'));
      clients[0].emit('to all', 'hello all');
      await Promise.all(news);
      await closed(...clients);
    },
    async open() {
      held = await Promise.all(['websocket', 'polling', 'websocket'].map((name) => connected({ transports: [name] })));
    },
    close: () => closed(...held),
    /** Ended by the server. */
    disconnect: async () => {
      const ended = Promise.all(held.map((client) => heard(client, 'disconnect')));
      for (const client of await server.of('/').allSockets()) server.of('/').sockets.get(client).disconnect(true);
      await ended;
    },
    async seen() {
      const client = await connected({ transports: ['websocket'] });
      const listeners = client.io.engine.listeners('data').length;
      const keys = Object.keys(client.io).sort();
      await closed(client);
      return { listeners, keys };
    },
  });
}

if (require.main === module) start(libraries('socket.io').Server, libraries('socket.io-client').io);
else module.exports = start;
