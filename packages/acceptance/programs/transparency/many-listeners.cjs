'use strict';
// As many listeners to connections and servers as Node allows before it warns of a leak.
const http = require('node:http');

const fill = (name, emitter, event) => {
  while (emitter.listenerCount(event) < emitter.getMaxListeners()) emitter.on(event, () => {});
  console.log(name, event, emitter.listenerCount(event), emitter.getMaxListeners());
};
process.on('warning', ({ name, message }) => console.log(name, message));
const server = http.createServer((_request, response) => response.end());
server.on('connection', (socket) => fill('socket', socket, 'close'));
fill('server', server, 'close');
const agent = new http.Agent();
agent.createConnection = (options, callback) => {
  const socket = http.Agent.prototype.createConnection.call(agent, options, callback);
  for (const event of ['close', 'free', 'agentRemove']) fill('client socket', socket, event);
  return socket;
};
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1', agent }, (response) =>
    response.resume().on('end', () => server.close()),
  );
});
