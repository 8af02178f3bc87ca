'use strict';
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');

const key = Buffer.from('a key that is shared by a test and this program');

/** @type {Record<string, (request: http.IncomingMessage, response: http.ServerResponse) => void>} */
const handlers = {
  '/ok': (_, response) => response.end('ok'),
  '/created': (_, response) => response.writeHead(201).end(),
  '/unchanged': (_, response) => response.writeHead(304).end(),
  '/broken': (_, response) => response.writeHead(503).end('broken'),
  '/hold': (_, response) => response.on('error', () => {}),
  '/stream': (_, response) => response.writeHead(200).write('the beginning'),
  '/late': (_, response) => response.on('close', () => setImmediate(() => response.writeHead(500).end('too late'))),
  '/body': (request, response) => request.resume().on('end', () => response.end('read')),
  '/early-hints': (_, response) =>
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('ok')),
  '/override': (request, response) => {
    request.method = 'DELETE';
    response.end();
  },
  '/throws': (_, response) => {
    afterThrow = () => response.writeHead(500, { connection: 'close' }).end('failed');
    throw new Error('thrown');
  },
  '/throws-and-is-reset': (request) => {
    afterThrow = () => request.socket.resetAndDestroy();
    throw new Error('thrown');
  },
  '/written-after-the-end': (_, response) => {
    response.on('error', () => {}).end('ok');
    response.write('more');
  },
  '/reset': (request) => request.socket.resetAndDestroy(),
};
const missing = (_, response) => response.writeHead(404).end('missing');
const answer = (request, response) => (handlers[request.url] ?? missing)(request, response);

/** What the service does of a request whose handler has thrown. */
let afterThrow;
process.on('uncaughtException', () => afterThrow());

const server = http.createServer(answer);
server.on('upgrade', (_, socket) =>
  socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n'),
);
server.on('connect', (_, socket) => socket.end('HTTP/1.1 200 Connection Established\r\n\r\n'));

const secureServer = https.createServer({ ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => key }, answer);

// One that waits but a moment for a request, and answers itself to what a client expects.
const impatient = http.createServer({ requestTimeout: 300, connectionsCheckingInterval: 10 }, answer);
impatient.on('checkContinue', (_, response) => response.writeHead(413).end());
impatient.on('checkExpectation', (_, response) => response.writeHead(417).end());

const listen = (each, scheme) =>
  new Promise((resolve) => {
    each.listen(0, '127.0.0.1', () => resolve(`${scheme}://127.0.0.1:${each.address().port}`));
  });
const http2Server = http2.createServer(answer);

Promise.all([
  listen(server, 'http'),
  listen(secureServer, 'https'),
  listen(impatient, 'http'),
  listen(http2Server, 'http'),
]).then((urls) => console.log(`listening on ${urls.join(' ')}`));
