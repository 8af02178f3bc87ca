'use strict';
// Three worker threads, each with a server of its own; what becomes of them is told step by step.
const { createServer } = require('node:http');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { serveSteps } = require('./steps.cjs');

function startWorker() {
  const worker = new Worker(__filename);
  return new Promise((resolve) => {
    worker.once('message', (port) => resolve({ worker, url: `http://127.0.0.1:${port}` }));
  });
}

if (isMainThread) {
  const workers = [];
  const ended = (worker) => new Promise((resolve) => worker.once('exit', resolve));
  serveSteps({
    async start() {
      workers.push(await startWorker());
      return workers.at(-1).url;
    },
    async finish() {
      const { worker } = workers.pop();
      worker.postMessage('finish');
      return ended(worker);
    },
    terminate: () => workers.pop().worker.terminate(),
    /** Until the next step. */
    block() {
      const flag = new Int32Array(new SharedArrayBuffer(4));
      workers.at(-1).worker.postMessage(flag);
      workers.at(-1).flag = flag;
    },
    unblock() {
      Atomics.store(workers.at(-1).flag, 0, 1);
    },
  });
} else {
  const server = createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  parentPort.on('message', (message) => {
    while (message !== 'finish' && Atomics.load(message, 0) === 0);
    if (message !== 'finish') return;
    server.close();
    server.closeAllConnections();
    parentPort.close();
  });
}
