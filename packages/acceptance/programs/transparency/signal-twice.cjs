'use strict';
// A signal that comes twice: the second time nobody listens any more.
process.once('SIGTERM', () => {
  console.log('once');
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), 5);
});
process.on('exit', (code) => console.log('exit', code));
setInterval(() => {}, 1000);
process.kill(process.pid, 'SIGTERM');
