'use strict';
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const { SERVER: server, SECURE_SERVER: secureServer, REFUSED: refused } = process.env;
const key = Buffer.from('a key that is shared by a test and this program');

/** Loaded when it is used: it gives Node's own fetch its dispatcher as well. */
const undici = () => libraries('undici');

let controller = new AbortController();

/** @typedef {{ method?: string, body?: string, signal?: AbortSignal, agent?: http.Agent, onHead?: () => void }} Options */

/** Each sends a request, reads the whole response and tells its status and body. @type {Record<string, (url: string, options?: Options) => Promise<unknown>>} */
const clients = {
  http: (url, { body, onHead, ...options } = {}) =>
    new Promise((resolve, reject) => {
      const request = http.request(url, options, async (response) => {
        onHead?.();
        try {
          resolve([response.statusCode, await textOf(response)]);
        } catch (error) {
          reject(error);
        }
      });
      request.on('error', reject).end(body);
    }),
  fetch: async (url, { onHead, ...options } = {}) => {
    const response = await fetch(url, options);
    onHead?.();
    return [response.status, await response.text()];
  },
  undici: async (url, { onHead, ...options } = {}) => {
    const { statusCode, body } = await undici().request(url, options);
    onHead?.();
    return [statusCode, await body.text()];
  },
};

/** What every client does. @type {Record<string, (send: typeof clients.http) => unknown>} */
const common = {
  ok: (send) => send(`${server}/ok`),
  three: (send) => Promise.all([1, 2, 3].map(() => send(`${server}/ok`))),
  post: (send) => send(`${server}/ok`, { method: 'POST', body: 'x' }),
  odd: (send) => send(`${server}/ok`, { method: 'PROPFIND' }),
  head: (send) => send(`${server}/ok`, { method: 'HEAD' }),
  missing: (send) => send(`${server}/missing`),
  broken: (send) => send(`${server}/broken`),
  unchanged: (send) => send(`${server}/unchanged`),
  hints: (send) => send(`${server}/hints`),
  stream: (send) => send(`${server}/stream`),
  hold: (send) => send(`${server}/hold`),
  endless: (send) => {
    const controller = new AbortController();
    const onHead = () => controller.abort();
    return outcome(send(`${server}/endless`, { signal: controller.signal, onHead }));
  },
  refused: (send) => outcome(send(`${refused}/`)),
  nowhere: (send) => outcome(send('http://nowhere.invalid/')),
  cut: (send) => outcome(send(`${server}/cut`)),
  reset: (send) => outcome(send(`${server}/reset`)),
  half: (send) => outcome(send(`${server}/half`)),
  garbage: (send) => outcome(send(`${server}/garbage`)),
  abort: (send) => {
    controller = new AbortController();
    return outcome(send(`${server}/never`, { signal: controller.signal }));
  },
  timeout: (send) => outcome(send(`${server}/never`, { signal: AbortSignal.timeout(30) })),
  /** To a hundred servers, which are all the same one. */
  many: async (send) => {
    for (let host = 1; host <= 100; host++) await send(`${server.replace('127.0.0.1', `127.0.0.${host}`)}/ok`);
  },
};

async function textOf(response) {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

/** What a request comes to whose response nobody reads: its error, if there is one. */
function closed(request) {
  let end = 'closed';
  request.on('error', ({ code, message }) => {
    end = { code, message };
  });
  return new Promise((resolve) => request.on('close', () => resolve(end)));
}

const special = {
  giveUp: () => controller.abort(),
  /** With --expose-gc. */
  collect() {
    for (let i = 0; i < 5; i++) global.gc();
  },
  redirected: () => clients.fetch(`${server}/redirect`),
  secure: () => {
    const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => ({ psk: key, identity: 'test' }) };
    return new Promise((resolve, reject) => {
      const request = https.get(secureServer, { ...options, checkServerIdentity: () => undefined }, async (response) =>
        resolve(await textOf(response)),
      );
      request.on('error', reject);
    });
  },
  /** A connection that is used again and again, its next request waiting for it. */
  async oneConnection() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const answers = await Promise.all([1, 2, 3].map(() => clients.http(`${server}/ok`, { agent })));
    agent.destroy();
    return answers;
  },
  async withoutAgent() {
    const options = { createConnection: (to) => require('node:net').connect(to) };
    return clients.http(`${server}/ok`, options);
  },
  async upgrade() {
    const request = http.get(`${server}/upgrade`, { headers: { connection: 'upgrade', upgrade: 'test' } });
    const [response, socket] = await once(request, 'upgrade');
    socket.destroy();
    return response.statusCode;
  },
  async undiciUpgrade() {
    const { socket } = await undici().upgrade(`${server}/upgrade`, { protocol: 'test' });
    socket.destroy();
  },
  async tunnel() {
    const request = http.request(server, { method: 'CONNECT', path: 'somewhere:80' }).end();
    const [response, socket] = await once(request, 'connect');
    socket.destroy();
    return response.statusCode;
  },
  async undiciTunnel() {
    const { socket, statusCode } = await undici().connect({ origin: server, path: 'somewhere:80' });
    socket.destroy();
    return statusCode;
  },
  async http2() {
    const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2' };
    const over2 = http2.createSecureServer({ ...options, pskCallback: () => key }, (_, response) => response.end('ok'));
    await once(over2.listen(0, '127.0.0.1'), 'listening');
    const connect = { ...options, pskCallback: () => ({ psk: key, identity: 'test' }), checkServerIdentity() {} };
    const dispatcher = new (undici().Agent)({ allowH2: true, connect });
    const { body } = await undici().request(`https://127.0.0.1:${over2.address().port}`, { dispatcher });
    const text = await body.text();
    await dispatcher.close();
    over2.close();
    return text;
  },
  /** Given up while it was made. */
  destroyedAtOnce: () => closed(http.get(`${server}/ok`).destroy()),
  abortedAtOnce: async () => {
    const request = http.get(`${server}/ok`);
    request.abort();
    return closed(request);
  },
  destroyedWhileWaiting: async () => {
    const agent = new http.Agent({ maxSockets: 1 });
    const first = clients.http(`${server}/hold`, { agent });
    const second = closed(http.get(`${server}/ok`, { agent }).destroy());
    return [await first, await second];
  },
  async destroyedInTheBody() {
    const request = http.get(`${server}/endless`);
    const [response] = await once(request, 'response');
    response.on('error', () => {}).destroy();
    return closed(request);
  },
  async requestTimeout() {
    const request = http.get(`${server}/never`, { timeout: 30 });
    request.on('timeout', () => request.destroy(Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' })));
    return closed(request);
  },
  /** Nobody reads the response. */
  async ignored() {
    const [response] = await once(http.get(`${server}/ok`), 'response');
    await once(response.resume(), 'end');
  },
  /** What a service can see of its requests, with or without somebody watching. */
  async seen() {
    const request = http.get(`${server}/ok`);
    const listeners = () => request.eventNames().map((name) => [String(name), request.listenerCount(name)]);
    const before = listeners();
    const [response] = await once(request, 'response');
    const then = listeners();
    await once(response.resume(), 'close');
    const { addRequest } = http.Agent.prototype;
    const { onSocket } = http.ClientRequest.prototype;
    const methods = [addRequest, onSocket].map(({ name, length }) => [name, length]);
    return { before, then, keys: Object.keys(request).sort(), methods };
  },
};

serveSteps({
  ...special,
  ...Object.fromEntries(
    Object.entries(clients).flatMap(([client, send]) =>
      Object.entries(common).map(([step, take]) => [`${client}:${step}`, () => take(send)]),
    ),
  ),
});
