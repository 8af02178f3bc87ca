'use strict';
// What functions and classes of Node look like: names, lengths, properties, what is enumerable, and who they are.
const { inspect } = require('node:util');

const describe = (value) => {
  if (typeof value !== 'function') return typeof value;
  for (const symbol of Object.getOwnPropertySymbols(value)) console.log(value.name, 'has', symbol);
  return [value.name, value.length, Object.getOwnPropertyNames(value).join(), inspect(value)].join(' | ');
};
for (const id of [
  'http',
  'https',
  'http2',
  'net',
  'tls',
  'events',
  'stream',
  'dns',
  'fs',
  'child_process',
  'timers',
  'worker_threads',
  'cluster',
  'async_hooks',
  'util',
  'zlib',
  'vm',
  'process',
  'diagnostics_channel',
  'perf_hooks',
]) {
  const module = require(`node:${id}`);
  console.log(id, Object.keys(module).join());
  for (const [name, { value, get, enumerable, writable, configurable }] of Object.entries(
    Object.getOwnPropertyDescriptors(module),
  )) {
    console.log(id, name, describe(value), Boolean(get), enumerable, writable, configurable);
    const { prototype } = typeof value === 'function' ? value : {};
    if (!prototype) continue;
    const inherited = [];
    for (const key in prototype) inherited.push(key);
    console.log(id, name, 'in prototype:', inherited.join());
    for (const key of Reflect.ownKeys(prototype)) {
      const own = Object.getOwnPropertyDescriptor(prototype, key);
      console.log(
        id,
        `${name}.prototype`,
        String(key),
        describe(own.value),
        own.enumerable,
        own.writable,
        own.configurable,
      );
    }
  }
}
