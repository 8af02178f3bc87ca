'use strict';

const { createServer } = require('node:http');

const body = JSON.stringify({ hello: 'world' });

createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}).listen(Number(process.env.PORT), '127.0.0.1');
