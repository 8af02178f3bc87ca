'use strict';
const http = require('node:http');
const net = require('node:net');
const { WebSocketServer } = require('./libraries.cjs')('ws');

// A service with WebSockets beside its requests, at /chat alone, and with tunnels.
const server = http.createServer((_, response) => response.end('ok'));
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  if (request.url === '/chat') sockets.handleUpgrade(request, socket, head, (client) => client.send('welcome'));
  else if (request.url === '/late')
    socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'));
  else if (request.url === '/never') request.socket.on('end', () => socket.destroy());
  else socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
});
server.on('connect', (request, socket) => {
  const { hostname, port } = new URL(`http://${request.url}`);
  const target = net.connect(Number(port), hostname, () => {
    socket.write(Buffer.from('HTTP/1.1 200 Connection Established\r\n\r\n'));
    target.pipe(socket).pipe(target);
  });
  target.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
});

// One that knows of no upgrades: it answers them like any request.
const plain = http.createServer((_, response) => response.end('ok'));

server.listen(0, '127.0.0.1', () =>
  plain.listen(0, '127.0.0.1', () => {
    const [one, other] = [server, plain].map((of) => `http://127.0.0.1:${of.address().port}`);
    console.log(`listening on ${one} ${other}`);
  }),
);
