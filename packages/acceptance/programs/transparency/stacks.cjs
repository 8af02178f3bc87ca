'use strict';
// The stacks of what is thrown within the methods of HTTP, and of what handlers throw.
const http = require('node:http');
const { AsyncLocalStorage } = require('node:async_hooks');

process.on('uncaughtException', (error) => console.log('uncaught', error.stack));
const depth = () => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack } = new Error('here');
  Error.stackTraceLimit = stackTraceLimit;
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(' (')[0]);
};
const server = http.createServer((request, response) => {
  console.log('handler', depth());
  request.on('data', () => console.log('data', depth()));
  response.on('finish', () => console.log('finish', depth()));
  response.on('close', () => console.log('close', depth()));
  for (const act of [() => response.write(5), () => response.end({})]) {
    try {
      act();
    } catch (error) {
      console.log(error.stack);
    }
  }
  response.end('fine');
  throw new Error('thrown by the handler');
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const request = http.request({ port, host: '127.0.0.1', method: 'POST' }, (response) => {
    console.log('response', depth());
    response.resume().on('end', () => {
      console.log('end', depth());
      http.get({ port: 1, host: '127.0.0.1' }).on('error', (error) => {
        console.log(error.stack, depth());
        server.close();
        server.closeAllConnections();
      });
    });
  });
  request.end('body');
  try {
    http.get('nonsense');
  } catch (error) {
    console.log(error.stack);
  }
  try {
    http.get({ port, host: '127.0.0.1', path: 'with space' });
  } catch (error) {
    console.log(error.stack);
  }
  new AsyncLocalStorage().run(1, () => console.log(depth()));
});
