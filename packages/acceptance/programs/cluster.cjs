'use strict';

// A cluster of four workers that answer with their process ids on one port; a worker that ends is replaced. The second URL is
// of a server of the primary's own, which takes the steps. WORKER_ARGUMENTS are Node's arguments for the workers.
const cluster = require('node:cluster');
const { createServer } = require('node:http');

const WORKERS = 4;

const steps = {
  pids: () => workers().map(({ process }) => process.pid),
  'kill-sigterm': () => kill('SIGTERM'),
  'kill-sigkill': () => kill('SIGKILL'),
  'hang-one': () => kill('SIGSTOP'),
  'go-on': () => kill('SIGCONT'),
  'end-all': () => {
    cluster.off('exit', replace);
    for (const worker of workers()) worker.disconnect();
  },
  replace: () => {
    for (let count = 0; count < WORKERS; count++) cluster.fork();
  },
};

const workers = () => Object.values(cluster.workers).filter((worker) => worker.isConnected());

function kill(signal) {
  const [worker] = workers();
  worker.process.kill(signal);
  return worker.process.pid;
}

function replace() {
  cluster.fork();
}

function primary() {
  const { WORKER_ARGUMENTS } = process.env;
  if (WORKER_ARGUMENTS) cluster.setupPrimary({ execArgv: WORKER_ARGUMENTS.split(' ') });
  for (let count = 0; count < WORKERS; count++) cluster.fork();
  cluster.on('exit', replace);
  const ready = new Set();
  const server = createServer((request, response) => {
    response.end(JSON.stringify(steps[request.url.slice(1)]() ?? null));
  });
  cluster.on('message', (worker, { port }) => {
    ready.add(worker.id);
    if (ready.size !== WORKERS) return;
    server.listen(0, '127.0.0.1', () =>
      console.log(`listening on http://127.0.0.1:${port} http://127.0.0.1:${server.address().port}`),
    );
  });
}

/** How often the page has asked for it. */
function observe() {
  let calls = 0;
  const { metrics } = require('@opentelemetry/api');
  const counter = metrics.getMeter('of the service').createObservableCounter('calls');
  counter.addCallback((result) => result.observe(++calls));
}

function worker() {
  if (process.env.OBSERVED) observe();
  const server = createServer((request, response) => {
    if (request.url === '/last') response.on('close', () => setImmediate(() => process.exit()));
    response.end(String(process.pid));
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

if (cluster.isPrimary) primary();
else worker();
