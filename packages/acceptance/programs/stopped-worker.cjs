'use strict';
// A cluster of one worker, in which the agent can be stopped and started again: in the worker, or in the primary.
const cluster = require('node:cluster');
const { once } = require('node:events');
const { createServer, get } = require('node:http');
const { start, stop } = require('../../../otel/register.js');
const { serveSteps } = require('./steps.cjs');

function primary() {
  const worker = cluster.fork();
  const port = once(worker, 'message');
  const told = async (what) => {
    worker.send(what);
    await once(worker, 'message');
  };
  serveSteps({
    async ask() {
      const [response] = await once(get({ port: (await port)[0], host: '127.0.0.1', agent: false }), 'response');
      await once(response.resume(), 'close');
    },
    stop,
    start,
    stopWorker: () => told('stop'),
    startWorker: () => told('start'),
  });
}

function worker() {
  const server = createServer((_request, response) => {
    response.statusCode = 204;
    response.end();
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('message', async (what) => {
    if (what === 'stop') await stop();
    else start();
    process.send('done');
  });
}

if (cluster.isPrimary) primary();
else worker();
