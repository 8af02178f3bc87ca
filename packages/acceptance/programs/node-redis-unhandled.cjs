'use strict';
const redis = require('./libraries.cjs')('redis');

// A command that fails, sent in each way in which nobody waits for it.
const client = redis.createClient({ url: process.env.REDIS_URL });
client.connect().then(async () => {
  await client.set('text', 'x');
  const send = {
    method: () => client.hGet('text', 'nobody waits for this'),
    raw: () => client.sendCommand(['HGET', 'text', 'nobody waits for this']),
  };
  send[process.argv[2]]();
  await client.quit();
});
process.on('exit', (code) => console.log('exit code', code));
