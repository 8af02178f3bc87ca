'use strict';
// process.exit in a request's handler.
const http = require('node:http');
process.on('exit', (code) => console.log('exit', code));
const server = http.createServer((_request, response) => {
  response.write('half');
  process.exit(7);
});
server.listen(0, '127.0.0.1', () =>
  http.get({ port: server.address().port, host: '127.0.0.1', path: '/' }).on('error', () => {}),
);
