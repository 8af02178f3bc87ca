'use strict';
const { createServer, get } = require('node:http');

/** A process that asks itself for something, and ends when it has the answer. */
const server = createServer((_, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, agent: false }, (response) => {
    response.resume().on('end', () => {
      server.close();
      console.log('done');
    });
  });
});
