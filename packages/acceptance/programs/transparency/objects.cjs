'use strict';
// The objects that a handler is given, as JSON, as keys, as a copy and as they are inspected.
const http = require('node:http');
const { inspect } = require('node:util');

const symbols = (value) => Object.getOwnPropertySymbols(value).map(String);
const tell = (name, value) => {
  for (const key of Object.keys({ ...value })) console.log(name, 'key', key);
  for (const symbol of symbols(value).sort()) console.log(name, 'has', symbol);
  const isHidden = (key) => !Object.getOwnPropertyDescriptor(value, key).enumerable;
  for (const key of Object.getOwnPropertyNames(value).filter(isHidden)) console.log(name, 'hides', key);
  const changing = /Symbol\((?:async_id_symbol|asyncId|triggerId)\)\]?: \d+|_idleStart: \d+|Date: .*|\d{4,}|,$/gm;
  console.log(name, inspect(value, { depth: 0 }).replaceAll(changing, ''));
};
const server = http.createServer((request, response) => {
  tell('server', server);
  tell('request', request);
  tell('response', response);
  tell('socket', request.socket);
  request.resume().on('end', () => {
    response.end('hello');
    tell('response', response);
  });
});
tell('new server', server);
server.listen(0, '127.0.0.1', () => {
  const agent = new http.Agent({ keepAlive: true });
  tell('agent', agent);
  const request = http.request(
    {
      port: server.address().port,
      host: '127.0.0.1',
      agent,
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
    },
    (response) => {
      tell('client request', request);
      tell('client response', response);
      tell('client socket', response.socket);
      console.log(request.getHeaderNames(), request.getHeaders(), request.getRawHeaderNames());
      response.resume().on('end', () => {
        agent.destroy();
        server.close();
      });
    },
  );
  request.end('body');
  tell('client request', request);
});
