'use strict';
// The event loop drains, is given more to do, and drains again.
let rounds = 0;
process.on('beforeExit', (code) => {
  console.log('beforeExit', ++rounds, code);
  if (rounds < 3) setTimeout(() => console.log('more work'), 5);
  else process.exitCode = 4;
});
process.once('beforeExit', () => console.log('once'));
process.on('exit', (code) => console.log('exit', code, process.exitCode));
