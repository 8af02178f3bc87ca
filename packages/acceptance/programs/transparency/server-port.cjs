'use strict';
// Servers: port 0, a port that is taken, a second listen, closing twice.
const http = require('node:http');
const net = require('node:net');

const brief = ({ code, message, stack }) =>
  [code, message.replaceAll(/\d{4,}/g, 'N'), stack.replaceAll(/\d{4,}/g, 'N')].join(' | ');
const server = http.createServer();
console.log(server.address(), server.listening, server.timeout, server.keepAliveTimeout, server.maxConnections);
server.listen(0, '127.0.0.1', () => {
  const { port, family } = server.address();
  console.log(port > 0, family, port !== Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT));
  try {
    server.listen(0);
  } catch (error) {
    console.log(brief(error));
  }
  net
    .createServer()
    .on('error', (error) => {
      console.log(brief(error));
      server.getConnections((...values) => console.log(values));
      server.close((error) => {
        console.log('closed', error, server.address());
        server.close((error) => console.log(brief(error)));
        server.listen(0, '127.0.0.1', () => server[Symbol.asyncDispose]().then(() => console.log('disposed')));
      });
    })
    .listen(port, '127.0.0.1');
});
