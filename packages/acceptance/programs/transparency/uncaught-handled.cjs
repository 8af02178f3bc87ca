'use strict';
// Uncaught exceptions that the program handles.
process.on('uncaughtException', (error, origin) => console.log('handled', origin, error?.stack));
setImmediate(() => {
  throw new TypeError('first');
});
setTimeout(() => Promise.reject(new RangeError('second')), 50);
setTimeout(() => {
  throw null;
}, 100);
process.on('exit', (code) => console.log('exit', code));
