'use strict';
// Who listens to what, on emitters of HTTP, before and while they work.
const http = require('node:http');

const told = (name, emitter) => {
  for (const event of emitter.eventNames().map(String).sort()) console.log(name, event, emitter.listenerCount(event));
};
const server = http.createServer((request, response) => {
  console.log('request', request.url);
  told('server', server);
  told('request', request);
  told('response', response);
  told('socket', request.socket);
  request.on('end', () => {
    told('request at its end', request);
    told('socket at the end of the request', request.socket);
    response.on('finish', () => told('response that is finished', response));
    response.end('hello');
  });
  request.resume();
});
server.on('newListener', (event) => console.log('server: new listener', event));
server.on('connection', (socket) => {
  told('new socket', socket);
  socket.on('newListener', (event) => console.log('socket: new listener', event));
  socket.on('removeListener', (event) => console.log('socket: removed listener', event));
  socket.on('close', () => told('closed socket', socket));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  told('listening server', server);
  const agent = new http.Agent({ keepAlive: true });
  const ask = (path, next) => {
    const request = http.request({ port, host: '127.0.0.1', path, agent, method: 'POST' });
    told('client request', request);
    request.on('newListener', (event) => console.log('client request: new listener', event));
    request.on('socket', (socket) => told('client socket', socket));
    request.on('response', (response) => {
      told('client response', response);
      told('client socket that was answered', response.socket);
      response.resume().on('end', () => setImmediate(next));
    });
    request.on('close', () => console.log('client request closed'));
    request.end('body');
  };
  ask('/first', () =>
    ask('/second', () => {
      for (const [socket] of Object.values(agent.freeSockets)) told('free client socket', socket);
      agent.destroy();
      server.close(() => told('closed server', server));
    }),
  );
});
