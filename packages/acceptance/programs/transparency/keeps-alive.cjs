'use strict';
// What keeps a process alive, and what does not.
const http = require('node:http');
const started = Date.now();
const server = http
  .createServer((_, response) => response.end())
  .listen(0, '127.0.0.1', () => {
    console.log(process.getActiveResourcesInfo().sort());
    http.get(
      { port: server.address().port, host: '127.0.0.1', agent: new http.Agent({ keepAlive: true }) },
      (response) => {
        response.resume().on('end', () => {
          setTimeout(() => {
            console.log(process.getActiveResourcesInfo().sort());
            server.unref();
            console.log(process.getActiveResourcesInfo().sort(), server.listening);
            server.closeAllConnections();
          }, 20);
        });
      },
    );
  });
setTimeout(() => console.log('never'), 10_000).unref();
setInterval(() => {}, 10).unref();
process.on('exit', () =>
  console.log('at the end', process.getActiveResourcesInfo().sort(), Date.now() - started < 5_000),
);
