'use strict';
const http = require('node:http');
const https = require('node:https');

const key = Buffer.from('a key that is shared by a test and this program');
let held = [];

/** @type {Record<string, (request: http.IncomingMessage, response: http.ServerResponse) => void>} */
const handlers = {
  '/ok': (_, response) => response.end('ok'),
  '/created': (_, response) => response.writeHead(201).end(),
  '/missing': (_, response) => response.writeHead(404).end(),
  '/broken': (_, response) => response.writeHead(503).end(),
  '/hold': (_, response) => held.push(response),
  '/stream': (_, response) => response.writeHead(200).write('the beginning'),
  '/release': (_, response) => {
    for (const one of held) one.end('released');
    held = [];
    response.end('released');
  },
  '/late': (_, response) => response.on('close', () => setImmediate(() => response.end('nobody is there any more'))),
  '/early-hints': (_, response) =>
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end()),
  '/processing': (_, response) => response.writeProcessing(),
  '/body': (request, response) => request.resume().on('end', () => response.end('read')),
  '/upload': (request, response) =>
    request
      .resume()
      // As body parsers do.
      .on('aborted', () => response.writeHead(400).end())
      .on('end', () => response.end('read')),
  '/override': (request, response) => {
    request.method = 'DELETE';
    request.url = '/elsewhere';
    response.end();
  },
  '/listeners': (request, response) => {
    const counts = (emitter) => emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]);
    response.end(JSON.stringify({ request: counts(request), response: counts(response) }));
  },
  '/trap': (_, response) => {
    response.end('ok');
    Object.defineProperty(response, 'statusCode', { get: () => assert.fail('the probe must not fail the service') });
  },
  '/close': (_, response) => {
    server.close(() => console.log('closed'));
    response.end('closing');
  },
};
const assert = require('node:assert');

const answer = (request, response) => (handlers[request.url.split('?')[0]] ?? handlers['/missing'])(request, response);
const server = http.createServer(answer);
const secureServer = https.createServer({ ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => key }, answer);

server.listen(0, '127.0.0.1', () =>
  secureServer.listen(0, '127.0.0.1', () =>
    console.log(
      `listening on http://127.0.0.1:${server.address().port} https://127.0.0.1:${secureServer.address().port}`,
    ),
  ),
);
