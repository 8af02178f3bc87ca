'use strict';
// Worker threads by the hundred, each of which asks a server of the main thread. Run with --expose-gc.
const { once } = require('node:events');
const { createServer, get } = require('node:http');
const { isMainThread, Worker, workerData } = require('node:worker_threads');
const { serveSteps } = require('./steps.cjs');

const AT_A_TIME = 4;

function main() {
  const server = createServer((_request, response) => response.end('ok'))
    .listen(0, '127.0.0.1')
    .unref();
  const oneAfterTheOther = async (count) => {
    const options = { workerData: `http://127.0.0.1:${server.address().port}` };
    for (let i = 0; i < count; i++) await once(new Worker(__filename, options), 'exit');
  };
  serveSteps({
    hundred: () => Promise.all(Array.from({ length: AT_A_TIME }, () => oneAfterTheOther(100 / AT_A_TIME))),
    left() {
      for (let i = 0; i < 3; i++) global.gc();
      return {
        heap: process.memoryUsage().heapUsed,
        listeners: process.eventNames().map((event) => [String(event), process.listenerCount(event)]),
        modules: Object.keys(require.cache).length,
        globals: Reflect.ownKeys(globalThis).length,
      };
    },
  });
}

function thread() {
  get(workerData, { agent: false }, (response) => response.resume());
}

if (isMainThread) main();
else thread();
