'use strict';
// Everything that the emitters of HTTP emit, in its order, for requests of many kinds.
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');

const brief = (value) => {
  if (value instanceof Error) return `${value.code} ${value.message}`;
  if (Buffer.isBuffer(value)) return JSON.stringify(String(value));
  return typeof value === 'object' && value !== null ? value.constructor.name : String(value);
};
/** What each side has seen of a request: which of them is first is no concern of theirs. */
const seen = { server: [], client: [] };
const log = (...values) => seen.server.push(values.join(' '));
const tell = (name, emitter, events) => {
  const side = /^client|^raw/.test(name) ? seen.client : seen.server;
  for (const event of events) {
    emitter.on(event, (...values) => side.push([`${name}: ${event}`, ...values.map(brief)].join(' ')));
  }
  return emitter;
};
const tellAll = () => {
  for (const [side, lines] of Object.entries(seen)) console.log(`of the ${side}:\n${lines.splice(0).join('\n')}`);
};
const SOCKET = ['connect', 'ready', 'end', 'timeout', 'drain', 'error', 'close', 'lookup'];
const server = http.createServer((request, response) => {
  tell('request', request, ['data', 'end', 'aborted', 'error', 'close']);
  tell('response', response, ['finish', 'close', 'error', 'pipe', 'unpipe', 'drain']);
  handlers[request.url](request, response);
});
tell('server', server, ['connection', 'listening', 'close', 'error', 'clientError', 'dropRequest', 'drop']);
server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
server.on('connection', (socket) => tell('socket', socket, SOCKET));
server.on('checkContinue', (request, response) => {
  log('checkContinue', request.url);
  response.writeContinue();
  server.emit('request', request, response);
});
server.on('checkExpectation', (_request, response) => response.writeHead(417).end());
server.on('upgrade', (request, socket, head) => {
  tell('upgraded', socket, ['data', 'end', 'close']);
  log('upgrade', request.url, String(head));
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  socket.pipe(socket);
});
server.on('connect', (request, socket, head) => {
  log('CONNECT', request.url, String(head));
  socket.write('HTTP/1.1 200 Established\r\n\r\n');
  socket.on('data', (data) => socket.end(`tunnelled ${data}`));
});

const handlers = {
  '/plain': (_, response) => response.end('plain', () => log('end called back')),
  '/pieces'(_, response) {
    response.write('one', () => log('write called back'));
    response.write(Buffer.from('two'));
    log('written', response.write('', 'latin1'), response.headersSent, response.writableLength >= 0);
    response.end('three');
  },
  '/head'(_, response) {
    log(response.writeHead(200, 'Fine', ['X-One', '1', 'X-Two', '2']) === response);
    log(response.end('with a head') === response);
  },
  '/hints'(_, response) {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => log('hints called back'));
    response.writeProcessing?.();
    response.end('hints');
  },
  '/trailers'(_, response) {
    response.writeHead(200, { Trailer: 'X-Sum' });
    response.write('body');
    response.addTrailers({ 'X-Sum': '4' });
    response.end();
  },
  '/echo': (request, response) => request.pipe(response),
  '/large'(_, response) {
    const chunk = Buffer.alloc(100_000, 'x');
    let left = 20;
    const more = () => {
      while (left-- > 0) if (!response.write(chunk)) return response.once('drain', more);
      response.end();
    };
    more();
  },
  '/destroyed': (_, response) => response.destroy(new Error('on purpose')),
  '/socket-destroyed': (request) => request.socket.destroy(),
  '/given-up'(request, response) {
    response.write('half');
    request.on('close', () => log('late end', response.end('rest') === response, response.destroyed));
  },
  '/mistakes'(_, response) {
    const attempt = (what, act) => {
      try {
        log(what, typeof act());
      } catch (error) {
        log(what, error.code, error.message);
      }
    };
    attempt('write of a number', () => response.write(5));
    attempt('write of null', () => response.write(null));
    attempt('end of an object', () => response.end({}));
    attempt('a bad header', () => response.setHeader('x', 'a\nb'));
    response.end('done');
    attempt('header after the end', () => response.setHeader('x', '1'));
    attempt('write after the end', () => response.write('more'));
    attempt('end after the end', () => response.end('more', (error) => log('called back', brief(error))));
  },
};

/** One request, with everything that its client is told. */
async function ask(path, { method = 'GET', headers = {}, body, act } = {}) {
  console.log(`--- ${method} ${path}`);
  const request = http.request({ port: server.address().port, host: '127.0.0.1', path, method, headers, agent: false });
  const events = ['socket', 'information', 'continue', 'finish', 'abort', 'error', 'timeout', 'close'];
  tell('client', request, events);
  request.on('response', (response) => {
    let bytes = 0;
    seen.client.push(`response ${response.statusCode} ${response.statusMessage} ${Object.keys(response.headers)}`);
    tell('client response', response, ['end', 'aborted', 'error', 'close']);
    response
      .on('data', ({ length }) => (bytes += length))
      .on('close', () => seen.client.push(`${bytes} ${JSON.stringify(response.trailers)}`));
    act?.(request, response);
  });
  const closed = new Promise((resolve) => request.on('close', resolve));
  request.on('upgrade', (response, socket) => {
    seen.client.push(`upgrade ${response.statusCode}`);
    socket
      .on('data', (data) => {
        seen.client.push(String(data));
        socket.end();
      })
      .on('close', () => seen.client.push('upgrade over'));
    socket.write('echo this');
  });
  request.on('connect', (response, socket) => {
    seen.client.push(`connect ${response.statusCode}`);
    socket.on('data', (data) => seen.client.push(String(data))).on('close', () => seen.client.push('tunnel over'));
    socket.write('this');
  });
  if (headers.expect === '100-continue') request.on('continue', () => request.end(body)).flushHeaders();
  else request.end(body);
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 20));
  tellAll();
}

(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  for (const path of ['/plain', '/pieces', '/head', '/hints', '/trailers', '/large', '/mistakes']) await ask(path);
  await ask('/plain', { method: 'HEAD' });
  await ask('/plain', { headers: { Connection: 'close' } });
  await ask('/echo', { method: 'POST', body: 'echoed' });
  await ask('/echo', { method: 'POST', headers: { expect: '100-continue', 'content-length': 4 }, body: 'more' });
  await ask('/plain', { headers: { expect: 'the-impossible' } });
  await ask('/destroyed');
  await ask('/socket-destroyed');
  await ask('/given-up', { act: (request, response) => response.once('data', () => request.destroy()) });
  await ask('/upgrade', { headers: { connection: 'upgrade', upgrade: 'echo' } });
  await ask('target:443', { method: 'CONNECT' });
  console.log('--- pipelined, and nonsense');
  const socket = tell('raw', net.connect(server.address().port, '127.0.0.1'), ['end', 'close', 'error']);
  let text = '';
  socket.on('data', (data) => (text += data));
  const get = 'GET /plain HTTP/1.1\r\nHost: here\r\n\r\n';
  socket.write(`${get}${get}${get}nonsense\r\n\r\n`);
  await once(socket, 'close');
  tellAll();
  console.log(text.replaceAll(/Date: .*/g, 'Date:'));
  server.close();
  server.closeAllConnections();
})();
