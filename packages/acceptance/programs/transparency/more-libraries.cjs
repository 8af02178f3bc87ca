'use strict';
// The same of node-redis and amqplib.
const { dirname, join } = require('node:path');
const { inspect } = require('node:util');
const libraries = require('../libraries.cjs');
const { failing, instance, tell } = require('../shapes.cjs');

/** An object and all that it inherits from, but for Node's own. */
function chain(name, value) {
  for (let at = value, level = 0; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at), level++) {
    if (at.constructor?.name !== 'EventEmitter') tell(`${name} ${level} ${at.constructor?.name}`, at);
  }
}

async function nodeRedis() {
  const redis = libraries('redis');
  tell('redis', redis);
  const client = redis.createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } });
  client.on('error', (error) => console.log('redis', error.code));
  chain('client', client);
  console.log(client.constructor.length, inspect(client.constructor), inspect(client.get));
  instance('client', client);
  chain('multi', client.multi());
  await failing('client.get', () => client.get('key'));
  await failing('client.connect', () => client.connect());
  await failing('multi', () => client.multi().get('a').set('b', '1').exec());
  await failing('sendCommand', () => client.sendCommand(['GET', 'a']));
  instance('used client', client);
  const pool = redis.createClientPool({ url: 'redis://127.0.0.1:1' });
  pool.on('error', () => {});
  chain('pool', pool);
}

async function amqplib() {
  const promises = libraries('amqplib');
  const callbacks = libraries('amqplib/callback_api');
  tell('amqplib', promises);
  tell('amqplib/callback_api', callbacks);
  // Who uses the library cannot name them, but has their objects.
  const folder = join(dirname(libraries.resolve('amqplib')), 'lib');
  for (const file of ['channel_model', 'callback_model', 'connection', 'channel']) {
    for (const [name, type] of Object.entries(require(join(folder, file)))) {
      if (typeof type !== 'function') continue;
      console.log(file, name, type.length, inspect(type));
      if (type.prototype) chain(`${file}.${name}`, type.prototype);
    }
  }
  await failing('connect', () => promises.connect('amqp://127.0.0.1:1'));
  console.log(await new Promise((resolve) => callbacks.connect('amqp://127.0.0.1:1', (error) => resolve(error.code))));
}

nodeRedis().then(amqplib);
