'use strict';
// What async_hooks tell of a program that hardly does anything.
const { createHook, executionAsyncId } = require('node:async_hooks');
const { writeSync } = require('node:fs');

const types = new Set();
createHook({ init: (_id, type) => types.add(type) }).enable();
setTimeout(() => setImmediate(() => Promise.resolve().then(() => {})), 50);
process.on('exit', () => {
  types.delete('PROMISE');
  writeSync(1, `${executionAsyncId() > 0}\n${[...types].sort().join('\n')}\n`);
});
