'use strict';
// The module domain: who handles errors of emitters, timers and requests that are bound to a domain.
const domain = require('node:domain');
const http = require('node:http');
const { EventEmitter } = require('node:events');

const guarded = (name) => {
  const each = domain.create();
  each.on('error', (error) => console.log(name, 'handled', error.message, error.domainThrown, process.domain === each));
  return each;
};
const server = http.createServer((request, response) => {
  const own = guarded(`domain of ${request.url}`);
  own.add(request);
  own.add(response);
  own.run(() => {
    request
      .on('data', () => console.log('data', process.domain === own))
      .on('end', () => {
        console.log('end', process.domain === own);
        response.end('answered', () => console.log('ended', process.domain === own));
        setTimeout(() => {
          throw new Error('from a timer');
        }, 5);
      });
    response.on('finish', () => console.log('finish', process.domain === own));
    response.on('close', () => console.log('close', process.domain === own));
  });
});
guarded('timers').run(() => setTimeout(() => Promise.resolve().then(() => console.log(process.domain !== null)), 1));
guarded('emitter').run(() => new EventEmitter().emit('error', new Error('emitted')));
server.listen(0, '127.0.0.1', () => {
  const request = http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', agent: false });
  request.on('response', (response) => {
    response.resume().on('end', () => setTimeout(() => server.close(), 30));
  });
  request.end('body');
});
