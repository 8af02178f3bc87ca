'use strict';
// A cluster of four workers that count their requests with prom-client on one port; one that ends is replaced. The second URL
// is of the primary, which takes the steps: one of them makes prom-client's own page of the workers.
const cluster = require('node:cluster');
const { createServer } = require('node:http');
const client = require('./libraries.cjs')('prom-client');

const WORKERS = 4;

function primary() {
  const ports = new Map();
  const gathering = new client.AggregatorRegistry();
  const steps = {
    gather: () => gathering.clusterMetrics(),
    kill() {
      const [worker] = Object.values(cluster.workers);
      worker.process.kill('SIGKILL');
      return worker.id;
    },
    workers: () => [...ports.keys()],
  };
  const server = createServer(async (request, response) => {
    response.end(JSON.stringify(await steps[request.url.slice(1)]()));
  });
  for (let count = 0; count < WORKERS; count++) cluster.fork();
  cluster.on('exit', ({ id }) => {
    ports.delete(id);
    cluster.fork();
  });
  cluster.on('message', ({ id }, { port }) => {
    if (port === undefined) return;
    ports.set(id, port);
    if (ports.size !== WORKERS || server.listening) return;
    server.listen(0, '127.0.0.1', () =>
      console.log(`listening on http://127.0.0.1:${port} http://127.0.0.1:${server.address().port}`),
    );
  });
}

function worker() {
  const { id } = cluster.worker;
  // In a worker it is what answers the primary.
  new client.AggregatorRegistry();
  const requests = new client.Counter({ name: 'requests', help: 'Requests.', labelNames: ['method'] });
  const seconds = new client.Histogram({ name: 'seconds', help: 'Time.', buckets: [1, 2] });
  const bytes = new client.Summary({ name: 'bytes', help: 'Sizes.', percentiles: [0.5] });
  for (const aggregator of ['sum', 'max', 'min', 'average', 'first', 'omit'])
    new client.Gauge({ name: `id_${aggregator}`, help: 'Number of the worker.', aggregator }).set(id);
  const server = createServer(({ method }, response) => {
    requests.inc({ method });
    seconds.observe(1.5);
    bytes.observe(id);
    response.end(String(process.pid));
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

if (cluster.isPrimary) primary();
else worker();
