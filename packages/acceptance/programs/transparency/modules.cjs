'use strict';
// What a program sees of the module loader.
const Module = require('node:module');
const path = require('node:path');
const { inspect } = require('node:util');

const short = (file) => path.relative(path.join(__dirname, '../../../..'), file);
console.log(
  'main',
  require.main === module,
  module.parent ?? null,
  module.children.map(({ id }) => short(id)),
);
for (const file of Object.keys(require.cache)) console.log('cache', short(file));
console.log('paths', module.paths.map(short), short(module.filename), module.loaded);
console.log(
  'extensions',
  Object.keys(require.extensions),
  Object.values(require.extensions).map((each) => [each.name, each.length]),
);
console.log('require', inspect(require, { depth: 0 }), require.length, require.name);
for (const [name, holder] of [
  ['Module', Module],
  ['Module.prototype', Module.prototype],
]) {
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    const { value, get, enumerable } = descriptor;
    console.log(name, key, enumerable, typeof value, value?.name, value?.length, get?.name);
  }
}
console.log('own names', Object.keys(module));
const [plain] = ['http'];
console.log(
  'identity',
  require(plain) === require('node:http'),
  require('node:http') === process.getBuiltinModule('http'),
);
for (const id of ['./nothing-there', 'no-such-package', 'node:no-such-module', '', undefined, 5]) {
  try {
    require(id);
  } catch (error) {
    console.log(id, error.code, error.message.replaceAll(__dirname, '.'), error.requireStack?.map(short));
    console.log(error.stack.replaceAll(path.join(__dirname, '../../../..'), '.'));
  }
}
console.log(require.resolve('./steps/thrower.cjs') === path.join(__dirname, 'steps/thrower.cjs'));
try {
  require('./steps/thrower.cjs');
} catch (error) {
  console.log(error.stack.replaceAll(path.join(__dirname, '../../../..'), '.'));
}
