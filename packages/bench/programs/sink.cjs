'use strict';

// Takes what the variants send (OTLP, Sentry envelopes, Datadog traces) and says that all is well. Runs in a worker thread.

const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');

const bytesReceived = new BigInt64Array(workerData);
/** Datadog's tracer wants its sampling rates; the others do not look. */
const body = JSON.stringify({ rate_by_service: {} });

const server = createServer((request, response) => {
  request.on('data', (chunk) => {
    bytesReceived[0] += BigInt(chunk.length);
  });
  request.on('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    response.end(body);
  });
  // A server that has been measured is killed, whatever it is sending.
  request.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
