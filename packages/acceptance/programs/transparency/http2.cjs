'use strict';
// HTTP/2, through both of its interfaces: events, heads, bodies, trailers, pushes and errors.
const http2 = require('node:http2');
const { once } = require('node:events');

const listen = async (server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return http2.connect(`http://127.0.0.1:${server.address().port}`);
};
const ask = async (session, headers, body) => {
  const stream = session.request(headers, { endStream: body === undefined });
  const told = [];
  for (const event of ['response', 'headers', 'trailers', 'aborted', 'error', 'end', 'close', 'frameError']) {
    stream.on(event, (value) => told.push([event, value?.code ?? value?.[':status'] ?? typeof value].join(' ')));
  }
  let text = '';
  stream.setEncoding('utf8').on('data', (data) => (text += data));
  if (body !== undefined) stream.end(body);
  await once(stream, 'close').catch(() => {});
  console.log(headers[':path'], told, text.length > 50 ? text.length : text);
};
const counts = (emitter) => {
  for (const event of emitter.eventNames()) console.log('listeners', event, emitter.listenerCount(event));
};

(async () => {
  const streams = http2.createServer();
  streams.on('stream', (stream, headers, flags) => {
    console.log('stream', headers[':method'], headers[':path'], flags, Object.keys(stream).length);
    counts(stream);
    for (const event of ['aborted', 'close', 'finish', 'end', 'wantTrailers', 'error']) {
      stream.on(event, (value) => console.log('stream', headers[':path'], event, value?.message));
    }
    if (headers[':path'] === '/reset') return stream.close(http2.constants.NGHTTP2_CANCEL);
    if (headers[':path'] === '/destroyed') return stream.destroy(new Error('on purpose'));
    if (headers[':path'] === '/echo') {
      stream.respond({ ':status': 201 });
      return stream.pipe(stream);
    }
    stream.on('wantTrailers', () => stream.sendTrailers({ sum: '3' }));
    stream.additionalHeaders({ ':status': 103 });
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.write('one');
    stream.end(Buffer.alloc(100_000));
  });
  streams.on('sessionError', ({ message }) => console.log('session error', message));
  const session = await listen(streams);
  await ask(session, { ':path': '/plain' });
  await ask(session, { ':path': '/echo', ':method': 'POST' }, 'echoed');
  await ask(session, { ':path': '/reset' });
  await ask(session, { ':path': '/destroyed' });
  session.close();
  await once(session, 'close');
  streams.close();

  const compatible = http2.createServer((request, response) => {
    console.log(request.method, request.url, request.httpVersion);
    counts(request);
    counts(response);
    for (const event of ['finish', 'close', 'error']) response.on(event, () => console.log('response', event));
    for (const event of ['end', 'close', 'aborted']) request.on(event, () => console.log('request', event));
    response.setHeader('x-own', '1');
    response.write('begin ', () => console.log('written'));
    request.pipe(response);
  });
  const other = await listen(compatible);
  await ask(other, { ':path': '/compatible', ':method': 'POST' }, 'body');
  other.close();
  await once(other, 'close');
  compatible.close();
})();
