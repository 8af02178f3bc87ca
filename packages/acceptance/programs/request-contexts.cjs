'use strict';
const { createServer, get } = require('node:http');
const { trace } = require('@opentelemetry/api');

const active = () => trace.getActiveSpan()?.spanContext().traceId.slice(0, 1) ?? '-';
/** What is active in what connections tell, and in a request of the program itself. */
const outside = [];

const server = createServer((request, response) => {
  const sync = active();
  if (request.url === '/outside') return response.end(outside.join(''));
  setTimeout(() => request.resume().on('end', () => response.end(`${sync}${active()};`)), 5);
});
server.on('connection', (socket) => {
  socket.on('data', () => outside.push(active()));
  socket.on('close', () => outside.push(active()));
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  console.log(`listening on ${url}`);
  get(`${url}/own`, (response) => response.resume().on('end', () => outside.push(active())));
});
