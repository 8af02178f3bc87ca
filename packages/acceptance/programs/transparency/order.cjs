'use strict';
// In which order things happen.
const fs = require('node:fs');
const log = (...words) => console.log(...words);
const ticks = (name) => {
  process.nextTick(log, name, 'tick');
  Promise.resolve().then(() => log(name, 'microtask'));
  queueMicrotask(() => log(name, 'queued microtask'));
};
ticks('main');
setTimeout(() => {
  log('timeout 0');
  ticks('timeout');
  setImmediate(log, 'immediate of the timeout');
  setTimeout(log, 0, 'timeout of the timeout');
}, 0);
setTimeout(log, 400, 'timeout 400');
setImmediate(() => {
  log('immediate');
  ticks('immediate');
});
setTimeout(
  () =>
    fs.readFile(__filename, () => {
      log('read');
      setTimeout(log, 0, 'timeout after the read');
      setImmediate(log, 'immediate after the read');
    }),
  200,
);
process.on('beforeExit', (code) => log('beforeExit', code));
process.on('exit', (code) => log('exit', code));
log('end of main');
