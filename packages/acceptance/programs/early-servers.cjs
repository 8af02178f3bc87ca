'use strict';
const http = require('node:http');
const http2 = require('node:http2');

// Loaded with -r ahead of the agent: servers that are there before it.
const servers = [http, http2].map(({ createServer }) => createServer((_, response) => response.end('early')));
const urls = servers.map(
  (server) =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`))),
);
Promise.all(urls).then((all) => console.log(`listening on ${all.join(' ')}`));
