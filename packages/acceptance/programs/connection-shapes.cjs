'use strict';
// Answers whether V8 sees all connections that were answered over as alike. Run with --allow-natives-syntax.
const { subscribe } = require('node:diagnostics_channel');
const { createServer } = require('node:http');

const haveSameMap = new Function('one', 'other', 'return %HaveSameMap(one, other)');
const sockets = [];
subscribe('http.server.response.finish', ({ socket }) => sockets.push(socket));

const server = createServer((_, response) =>
  response.end(JSON.stringify(sockets.map((one) => haveSameMap(one, sockets[0])))),
);
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
