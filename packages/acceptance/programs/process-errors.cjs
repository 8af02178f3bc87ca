'use strict';
const { createServer, get } = require('node:http');

/** Ways in which a process fails. Each ends by itself. */
const scenarios = {
  exception: () => setTimeout(fail, 10),
  'exception-of-a-value': () =>
    setTimeout(() => {
      throw 'only a text';
    }, 10),
  'exception-at-once': () => fail(),
  'exception-that-cannot-be-read': () =>
    setTimeout(() => {
      throw Object.freeze(new Proxy(new Error('hidden'), { get: hide, has: hide, getOwnPropertyDescriptor: hide }));
    }, 10),
  rejection: () => void Promise.reject(new Error('rejected')),
  'rejection-of-a-value': () => void Promise.reject('only a text'),
  'two-rejections': () => {
    void Promise.reject('one');
    void Promise.reject('two');
  },
  'own-handler': () => {
    process.on('uncaughtException', (error) => console.log(`handled ${error.message}`));
    setTimeout(fail, 10);
    setTimeout(() => console.log('goes on'), 50);
  },
  'own-handler-that-exits': () => {
    process.on('uncaughtException', () => process.exit(3));
    setTimeout(fail, 10);
  },
  'own-capture': () => {
    process.setUncaughtExceptionCaptureCallback((error) => console.log(`captured ${error.message}`));
    setTimeout(fail, 10);
  },
  'own-rejection-handler': () => {
    process.on('unhandledRejection', (reason) => console.log(`handled ${reason.message}`));
    void Promise.reject(new Error('rejected'));
  },
  listeners: () => {
    console.log(['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event)));
    console.log(process.hasUncaughtExceptionCaptureCallback(), process.emit.name, process.emit.length);
    fail();
  },
  'exit-handler': () => {
    process.on('exit', (code) => console.log(`exits with ${code}`));
    setTimeout(fail, 10);
  },
  'in-a-request': () => inRequest(() => fail()),
  'later-in-a-request': () => inRequest(() => setTimeout(fail, 10)),
  'rejection-in-a-request': () => inRequest(() => void Promise.reject(new Error('rejected'))),
};

function fail() {
  throw new Error('thrown');
}

function hide() {
  throw new Error('not to be read');
}

function inRequest(work) {
  const server = createServer(work);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const traceparent = `00-${process.env.TRACE_ID}-cccccccccccccccc-01`;
    get({ port, path: '/some/path?token=secret', headers: { traceparent } }).on('error', () => {});
  });
}

scenarios[process.argv[2]]();
