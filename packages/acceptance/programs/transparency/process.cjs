'use strict';
// What a program sees of its process.
const { readdirSync } = require('node:fs');
const { domain } = process;

const events = process.eventNames().map(String).sort();
const withoutPreload = (list) => list.filter((each, index) => !isPreload(each) && !isPreload(list[index - 1]));
const isPreload = (argument) => /^(?:-r|--require|--import)$|otel\/register/.test(argument ?? '');
const isOurs = (name) => name.startsWith('OTEL_') || name === 'NODE_OPTIONS';

for (const event of events) console.log(event, process.listenerCount(event), process.rawListeners(event).length);
for (const name of Object.getOwnPropertyNames(process).sort()) console.log('has', name);
console.log({
  maxListeners: process.getMaxListeners(),
  argv: process.argv.slice(1),
  execArgv: withoutPreload(process.execArgv),
  title: process.title.split('/').at(-1),
  environment: Object.keys(process.env)
    .filter((name) => !isOurs(name))
    .sort(),
  exitCode: process.exitCode,
  domain,
  capture: process.hasUncaughtExceptionCaptureCallback(),
  keys: Object.keys(process).sort().join(' '),
  stdio: [process.stdout, process.stderr, process.stdin].map((stream) => [
    stream.constructor.name,
    Object.fromEntries(stream.eventNames().map((event) => [String(event), stream.listenerCount(event)])),
  ]),
  standard: readdirSync('/proc/self/fd').filter((fd) => fd < 3),
  umask: process.umask(),
  cwd: process.cwd(),
});
