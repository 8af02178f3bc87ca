'use strict';
// AsyncLocalStorage and async_hooks, through timers, promises, requests and their events.
const http = require('node:http');
const { AsyncLocalStorage, AsyncResource, executionAsyncId, triggerAsyncId } = require('node:async_hooks');

const storage = new AsyncLocalStorage();
const tell = (where) => console.log(where, storage.getStore());
console.log('main', executionAsyncId(), triggerAsyncId());
const server = http.createServer((request, response) => {
  tell('before');
  storage.run({ url: request.url }, () => {
    request.on('data', () => tell('data')).on('end', () => tell('end'));
    request.on('close', () => tell('request closed'));
    response.on('finish', () => tell('finish')).on('close', () => tell('response closed'));
    setTimeout(() => {
      tell('timer');
      response.write('one', () => tell('written'));
      response.end('two', () => tell('ended'));
    }, 2);
    process.nextTick(tell, 'tick');
    queueMicrotask(() => tell('microtask'));
    (async () => {
      await null;
      tell('await');
    })();
  });
  storage.enterWith('left over');
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true });
  const ask = (path) =>
    new Promise((resolve) =>
      storage.run(`client of ${path}`, () => {
        const request = http.request({ port, host: '127.0.0.1', path, agent, method: 'POST' }, (response) => {
          tell('response');
          response.on('data', () => tell('client data')).on('end', () => tell('client end'));
          response.on('close', resolve);
        });
        request.on('socket', (socket) => {
          tell('socket');
          socket.once('connect', () => tell('connect'));
        });
        request.on('close', () => tell('client closed')).on('finish', () => tell('client finish'));
        request.end('body');
      }),
    );
  (async () => {
    await ask('/first');
    await ask('/second');
    const bound = storage.run('bound', () => AsyncResource.bind(() => tell('bound function')));
    bound();
    storage.run('snapshot', () => AsyncLocalStorage.snapshot())(() => tell('snapshot'));
    agent.destroy();
    server.close();
  })();
});
