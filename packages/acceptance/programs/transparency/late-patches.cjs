'use strict';
// A library that replaces methods of HTTP where Node defines them is called, as are classes that extend Node's.
const http = require('node:http');

for (const [type, name] of [
  [http.OutgoingMessage, 'write'],
  [http.OutgoingMessage, 'end'],
  [http.OutgoingMessage, '_send'],
  [http.ServerResponse, 'writeHead'],
  [http.Server, 'emit'],
  [http.IncomingMessage, 'read'],
  [http.Agent, 'addRequest'],
  [http.ClientRequest, 'onSocket'],
  [require('node:stream').Readable, 'push'],
  [require('node:events'), 'emit'],
]) {
  const original = type.prototype[name];
  let isTold = false;
  type.prototype[name] = function (...args) {
    if (
      !isTold &&
      !(this instanceof require('node:tty').WriteStream) &&
      /Server|Message|Request|Response|Agent/.test(this.constructor.name)
    ) {
      isTold = true;
      console.log('called', type.name, name);
    }
    return original.apply(this, args);
  };
}
class Response extends http.ServerResponse {
  write(...args) {
    console.log('own write');
    return super.write(...args);
  }
  end(...args) {
    console.log('own end');
    return super.end(...args);
  }
}
class Request extends http.IncomingMessage {
  get path() {
    return this.url.split('?')[0];
  }
}
const server = http.createServer({ ServerResponse: Response, IncomingMessage: Request }, (request, response) => {
  console.log(
    request.path,
    request.constructor.name,
    response.constructor.name,
    response instanceof http.ServerResponse,
  );
  const { end } = response;
  response.end = function (...args) {
    console.log('end of the response itself');
    return end.apply(this, args);
  };
  response.write('one');
  response.end('two');
});
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1', path: '/path?query' }, (response) => {
    response.on('data', (data) => console.log(String(data))).on('end', () => server.close());
  });
});
