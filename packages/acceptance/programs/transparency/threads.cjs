'use strict';
// Worker threads: their messages, output, errors, ends and what they share.
const {
  Worker,
  isMainThread,
  workerData,
  parentPort,
  getEnvironmentData,
  setEnvironmentData,
  threadId,
  MessageChannel,
} = require('node:worker_threads');

if (isMainThread) {
  setEnvironmentData('own', 'data');
  const run = async (name, options = {}) => {
    const worker = new Worker(__filename, { workerData: name, stdout: true, stderr: true, ...options });
    worker.stdout.on('data', (data) => console.log(name, 'out', String(data)));
    worker.stderr.on('data', (data) => console.log(name, 'err', String(data)));
    worker.on('message', (message) => console.log(name, 'message', message));
    worker.on('messageerror', () => console.log(name, 'message error'));
    worker.on('error', (error) => console.log(name, 'error', error.stack ?? error));
    if (name === 'echoes') worker.postMessage('echo this');
    if (name === 'waits')
      worker.on('message', () => worker.terminate().then((code) => console.log('terminated', code)));
    console.log(
      name,
      worker.listenerCount('message'),
      worker.threadId,
      await new Promise((resolve) => worker.on('exit', resolve)),
    );
  };
  (async () => {
    for (const name of ['tells', 'echoes', 'throws', 'rejects', 'exits', 'waits', 'closes']) await run(name);
    await run('environment', { env: { OWN: '1' }, argv: ['one'], execArgv: [] });
    await new Promise((resolve) =>
      new Worker('process.exit(9)', { eval: true }).on('exit', (code) => resolve(console.log(code))),
    );
    const { port1, port2 } = new MessageChannel();
    port2.once('message', (message) => console.log(message, port1.close()));
    port1.postMessage(new Uint8Array(2));
    new Worker(`${__dirname}/nothing-there.js`, { stdout: true, stderr: true }).on('error', ({ code, message }) =>
      console.log(code, message.length > 0),
    );
  })();
} else {
  const acts = {
    tells() {
      console.log('written');
      console.error('written too');
      parentPort.postMessage({ data: getEnvironmentData('own'), threadId, events: process.eventNames().length });
      parentPort.postMessage(parentPort.eventNames());
    },
    echoes: () => parentPort.once('message', (message) => parentPort.postMessage(message)),
    throws() {
      throw new RangeError('in the thread');
    },
    rejects: () => Promise.reject(new Error('in the thread')),
    exits: () => process.on('exit', (code) => console.log('exit', code)) && process.exit(5),
    // A thread that is terminated before its event loop runs ends with 0 or 1, as it happens.
    waits: () => setInterval(() => {}, 1000) && setImmediate(() => parentPort.postMessage('waiting')),
    closes: () => parentPort.on('message', () => {}) && setTimeout(() => parentPort.close(), 10),
    environment: () => parentPort.postMessage([Object.keys(process.env), process.argv.slice(2), process.execArgv]),
  };
  acts[workerData]();
}
