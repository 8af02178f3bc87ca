'use strict';
const diagnosticsChannel = require('node:diagnostics_channel');
const Redis = require('./libraries.cjs')('ioredis');

// What an observer of commands would do, to see what it does to the service.
if (process.argv[2] === 'with-subscriber')
  diagnosticsChannel.tracingChannel('ioredis:command').subscribe({ start() {} });

const redis = new Redis(process.env.REDIS_URL);
redis.once('ready', () => {
  redis.set('text', 'x');
  redis.hget('text', 'nobody waits for this');
  redis.quit();
});
process.on('exit', (code) => console.log('exit code', code));
