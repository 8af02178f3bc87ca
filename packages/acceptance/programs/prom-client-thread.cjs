'use strict';
// Counts with prom-client in a worker thread, and in the main thread beside it.
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { Counter } = require('./libraries.cjs')('prom-client');
const { serveSteps } = require('./steps.cjs');

const jobs = new Counter({ name: 'jobs', help: 'Jobs.', labelNames: ['where'] });

if (isMainThread) {
  const worker = new Worker(__filename);
  const heard = () => new Promise((resolve) => worker.once('message', resolve));
  serveSteps({
    async count() {
      jobs.inc({ where: 'everywhere' });
      worker.postMessage('count');
      await heard();
    },
    end() {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('end');
      return ended;
    },
  });
} else {
  parentPort.on('message', (message) => {
    if (message === 'end') return parentPort.close();
    jobs.inc({ where: 'everywhere' });
    jobs.inc({ where: 'thread' });
    parentPort.postMessage('counted');
  });
}
