'use strict';
const http = require('node:http');
const { Readable } = require('node:stream');
const zlib = require('node:zlib');

/** @type {Record<string, (request: http.IncomingMessage, response: http.ServerResponse) => void>} */
const handlers = {
  '/end': (_, response) => response.end('é'.repeat(10)),
  '/length': (_, response) => response.writeHead(200, { 'content-length': 5 }).end('12345'),
  '/head-first': (_, response) => response.writeHead(200).end('é'),
  '/flushed': (_, response) => {
    response.flushHeaders();
    response.end('12');
  },
  '/chunks': (_, response) => {
    response.write('x'.repeat(1000));
    response.write(Buffer.alloc(1000));
    response.end('6869', 'hex');
  },
  '/stream': (_, response) => Readable.from([Buffer.alloc(70_000), Buffer.alloc(70_000)]).pipe(response),
  '/compressed': (_, response) => {
    const gzip = zlib.createGzip();
    gzip.pipe(response.setHeader('content-encoding', 'gzip'));
    gzip.end(Buffer.alloc(100_000));
  },
  '/empty': (_, response) => response.writeHead(204).end(),
  '/nothing': (_, response) => response.end(),
  '/unchanged': (_, response) => response.writeHead(304).end(),
  '/cut': (_, response) => response.write('the beginning', () => response.destroy()),
  '/read': (request, response) => request.resume().on('end', () => response.end('read')),
  '/too-large': (_, response) => response.writeHead(413, { connection: 'close' }).end(),
};

const server = http.createServer((request, response) => handlers[request.url](request, response));
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
