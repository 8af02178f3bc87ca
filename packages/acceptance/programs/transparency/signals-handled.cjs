'use strict';
// Signals that the program handles: each once, and the process ends when it says so.
const server = require('node:http').createServer();
const timer = setInterval(() => {}, 1000);
process.on('newListener', (event) => console.log('new listener', event));
process.on('SIGINT', (...args) => {
  console.log('first', args, process.listenerCount('SIGINT'));
  process.kill(process.pid, 'SIGUSR2');
});
process.once('SIGUSR2', () => {
  console.log('SIGUSR2');
  process.kill(process.pid, 'SIGTERM');
});
process.on('SIGTERM', (...args) => {
  console.log('second', args);
  clearInterval(timer);
  server.close(() => console.log('closed'));
});
process.on('exit', (code) => console.log('exit', code));
server.listen(0, '127.0.0.1', () => process.kill(process.pid, 'SIGINT'));
