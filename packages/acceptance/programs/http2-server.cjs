'use strict';
const http2 = require('node:http2');

const key = Buffer.from('a key that is shared by a test and this program');
let held = [];

/** @type {Record<string, (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void>} */
const handlers = {
  '/ok': (_, response) => response.end('ok'),
  '/missing': (_, response) => response.writeHead(404).end(),
  '/broken': (_, response) => response.writeHead(503).end(),
  '/empty': (_, response) => response.writeHead(204).end(),
  '/hold': (_, response) => held.push(response),
  '/stream': (_, response) => response.writeHead(200).write('the beginning'),
  '/chunks': (_, response) => {
    response.write('x'.repeat(1000));
    response.write(Buffer.alloc(1000));
    response.end('é');
  },
  '/early-hints': (_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('ok');
  },
  '/body': (request, response) => request.resume().on('end', () => response.end('read')),
  '/big': (_, response) => response.end(Buffer.alloc(5_000_000)),
  '/release': (_, response) => {
    for (const one of held) one.end('released');
    held = [];
    response.end('released');
  },
  '/listeners': (request, response) => {
    const counts = (emitter) => emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]);
    response.end(JSON.stringify({ request: counts(request), response: counts(response), server: counts(clear) }));
  },
};

const answer = (request, response) => (handlers[request.url.split('?')[0]] ?? handlers['/missing'])(request, response);
const clear = http2.createServer(answer);
const psk = { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => key };
const secure = http2.createSecureServer({ ...psk, allowHTTP1: true }, answer);
const streams = http2.createServer();
streams.on('stream', (stream, headers) => {
  if (headers[':path'] === '/file') return stream.respondWithFile(__filename);
  stream.respond({ ':status': 202 });
  stream.end('accepted');
});

const listen = (server, scheme) =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`${scheme}://127.0.0.1:${server.address().port}`));
  });
Promise.all([listen(clear, 'http'), listen(secure, 'https'), listen(streams, 'http')]).then((urls) =>
  console.log(`listening on ${urls.join(' ')}`),
);
