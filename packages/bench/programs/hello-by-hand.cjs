'use strict';

// hello.cjs as somebody writes it who measures with prom-client: the same labels as the semantic conventions ask for.

const { createServer } = require('node:http');
const client = require('../peers/prom-client/node_modules/prom-client');

client.collectDefaultMetrics();
const duration = new client.Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Duration of HTTP server requests.',
  labelNames: ['method', 'route', 'status', 'scheme', 'version'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
});
const active = new client.Gauge({
  name: 'http_server_active_requests',
  help: 'HTTP requests in flight.',
  labelNames: ['method', 'scheme'],
});

const body = JSON.stringify({ hello: 'world' });

createServer(async (request, response) => {
  if (request.url === '/metrics') {
    response.setHeader('Content-Type', client.register.contentType);
    response.end(await client.register.metrics());
    return;
  }
  const start = performance.now();
  active.inc({ method: request.method, scheme: 'http' });
  response.once('close', () => {
    active.dec({ method: request.method, scheme: 'http' });
    const labels = { method: request.method, route: '/', status: response.statusCode, scheme: 'http', version: '1.1' };
    duration.observe(labels, (performance.now() - start) / 1000);
  });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}).listen(Number(process.env.PORT), '127.0.0.1');
