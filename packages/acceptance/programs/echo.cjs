'use strict';
// A service that answers each request with what it was asked, and ends when it is told to stop.
const { createServer } = require('node:http');

// Without a time limit no connection is closed just when its client uses it again.
const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  if (request.url === '/heap') {
    globalThis.gc();
    response.end(String(process.memoryUsage().heapUsed));
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => response.end(`${request.method} ${request.url} ${Buffer.concat(chunks)}`));
});
server.on('error', (error) => console.log(error.code));
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
