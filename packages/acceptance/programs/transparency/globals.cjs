'use strict';
// What a program sees of the globals, of Error and of what the language itself has.
const { inspect } = require('node:util');

const own = (object) => Reflect.ownKeys(object).map(String);
console.log(own(globalThis).join('\n'));
console.log(Object.keys(globalThis));
console.log(inspect(globalThis, { depth: 0 }).replaceAll(/,$/gm, ''));
console.log(own(Error), Error.stackTraceLimit, Error.prepareStackTrace);
for (const type of [Object, Function, Array, Promise, Map, Set, String, Number, Symbol, Error, RegExp, Date]) {
  console.log(type.name, own(type).join(), own(type.prototype).join());
}
for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'queueMicrotask', 'fetch']) {
  const value = globalThis[name];
  console.log(name, inspect(value, { showHidden: true }), value.length, String(value).length);
}
console.log(Object.keys({ ...{} }), [].concat([]), JSON.stringify({ a: new Date(0) }));
for (const key in {}) console.log('enumerable on every object:', key);
