'use strict';
const { createServer, get } = require('node:http');

/** Ways to end, by the name of the step that is asked for. A slow answer is one that is still to come when a signal does. */
const ways = {
  exit: () => process.exit(3),
  throw: () => {
    throw new Error('boom');
  },
};

const server = createServer((request, response) => {
  const way = request.url.slice(1);
  if (way === 'slow') {
    process.once('SIGTERM', () => response.end('late'));
    console.log('waiting');
    return;
  }
  response.end('hello');
  // When the request is over and its span has ended.
  if (ways[way]) response.on('close', () => setImmediate(ways[way]));
});

/** What the service does itself when it is told to stop. */
const handlers = {
  none: undefined,
  exit: () => process.exit(4),
  exitWhenClosed: () => {
    server.close(() => process.exit(5));
    server.closeIdleConnections();
  },
  drain: () => {
    process.exitCode = 6;
    server.close();
    server.closeIdleConnections();
  },
};
const handler = handlers[process.argv[2] ?? 'none'];
if (handler) for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, handler);

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  if (process.argv[2] === 'at-once')
    get({ port, agent: false }, (response) => response.resume().on('end', () => server.close()));
  console.log(`listening on http://127.0.0.1:${port}`);
});
