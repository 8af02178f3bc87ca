'use strict';
// SIGHUP ends a program that does not listen to it.
process.on('exit', (code) => console.log('exit', code));
require('node:http')
  .createServer()
  .listen(0, '127.0.0.1', () => process.kill(process.pid, 'SIGHUP'));
