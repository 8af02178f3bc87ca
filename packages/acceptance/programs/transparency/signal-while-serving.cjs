'use strict';
// A service with a handler of SIGTERM that answers what is in flight and ends by itself.
const http = require('node:http');
const server = http.createServer((_, response) => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => response.end('answered'), 30);
});
process.on('SIGTERM', () => {
  console.log('SIGTERM');
  server.close(() => console.log('closed'));
});
process.on('beforeExit', () => console.log('beforeExit'));
process.on('exit', (code) => console.log('exit', code));
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, (response) => {
    response.on('data', (data) => console.log(String(data)));
  });
});
