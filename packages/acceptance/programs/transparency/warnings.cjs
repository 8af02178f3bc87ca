'use strict';
// Warnings of Node, of the program and of deprecations.
const { EventEmitter } = require('node:events');
process.on('warning', ({ name, message, code }) => console.log('warning', name, message, code));
process.emitWarning('from the program', { code: 'OWN', detail: 'and more' });
new Buffer(1);
const emitter = new EventEmitter();
for (let i = 0; i < 11; i++) emitter.on('event', () => {});
