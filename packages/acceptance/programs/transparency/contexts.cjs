'use strict';
// Code in other contexts of node:vm, its globals and its errors.
const vm = require('node:vm');

const context = vm.createContext({ console, require });
console.log(vm.runInContext('Object.getOwnPropertyNames(globalThis).length', context));
console.log(vm.runInContext('[] instanceof Array', context), vm.runInContext('[]', context).constructor === Array);
console.log(vm.runInNewContext('Error.stackTraceLimit'), vm.runInThisContext('Object.keys(globalThis).join()'));
for (const code of ['throw new Error("inside")', 'nothing.at.all', 'a b', 'require("./nothing-there")']) {
  try {
    vm.runInContext(code, context, { filename: 'inside.js' });
  } catch (error) {
    console.log(error.name, error.message, error.stack.split('\n').slice(0, 4).join('\n'));
  }
}
vm.runInContext(
  'require("node:http").createServer().listen(0, "127.0.0.1", function () { this.close(); console.log("heard"); })',
  context,
);
console.log(vm.compileFunction('return this === globalThis', []).call(globalThis));
const { port1, port2 } = new MessageChannel();
console.log(vm.runInContext('typeof process', context), structuredClone({ a: new Map([[1, 2]]) }));
port1.close();
port2.close();
