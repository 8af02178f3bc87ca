'use strict';
// An uncaught exception in a timer: its stack, its exit code, and who is told.
process.on('exit', (code) => console.log('exit', code));
process.on('uncaughtExceptionMonitor', (error, origin) => console.log('monitor', error.message, origin));
setTimeout(() => {
  JSON.parse('{');
}, 5);
