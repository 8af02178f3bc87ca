'use strict';
// The objects of libraries: what their classes, clients and errors look like, with no server there.
const { inspect } = require('node:util');

const own = (value) =>
  Reflect.ownKeys(value)
    .map(String)
    .filter((key) => !/\d/.test(key))
    .join();
const functions = (value) =>
  Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, { value: each, enumerable, writable }]) =>
    [name, typeof each, each?.name, each?.length, enumerable, writable].join(' '),
  );
const tell = (name, value) => console.log(name, own(value), JSON.stringify(Object.keys(value)), functions(value));
const instance = (name, value) => {
  console.log(name, value.constructor.name, Object.keys(value).join(), value.eventNames?.().map(String).sort());
  console.log(inspect(value, { depth: 0 }).replaceAll(/\d{3,}|,$/gm, ''));
};
const failing = async (name, act) => {
  try {
    console.log(name, await act());
  } catch (error) {
    console.log(name, error.code, Object.keys(error), error.stack, error.cause?.stack, error.errors?.length);
  }
};
const pg = require('pg');
const { default: Redis, Cluster } = require('ioredis');
const express = require('express');

(async () => {
  for (const [name, type] of Object.entries({
    Client: pg.Client,
    Pool: pg.Pool,
    Query: pg.Query,
    Connection: pg.Connection,
    Redis,
    Cluster,
  })) {
    tell(name, type);
    tell(`${name}.prototype`, type.prototype);
    console.log(type.name, type.length, inspect(type), Object.getPrototypeOf(type).name);
  }
  const refused = { host: '127.0.0.1', port: 1 };
  const pool = new pg.Pool({ ...refused, connectionTimeoutMillis: 500 });
  const client = new pg.Client(refused);
  instance('pool', pool);
  instance('client', client);
  await failing('pool.query', () => pool.query('SELECT 1'));
  await failing('pool.connect', () => pool.connect());
  await failing('client.connect', () => client.connect());
  await failing('query of nothing', () => new pg.Client(refused).query());
  console.log(await new Promise((resolve) => pool.query('SELECT 1', (error, result) => resolve([error.code, result]))));
  instance('used pool', pool);
  await pool.end();
  const redis = new Redis({ ...refused, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
  redis.on('error', (error) => console.log('redis', error.code));
  instance('redis', redis);
  await failing('redis.get', () => redis.get('key'));
  await failing('pipeline', () => redis.pipeline().get('a').set('b', 1).exec());
  await failing('unknown', () => redis.call('no such command'));
  instance('used redis', redis);
  redis.disconnect();
  const application = express();
  application.use(
    '/mounted',
    express.Router().get('/:id', () => {}),
  );
  console.log(own(application), application.length, application.name);
  console.log(inspect(application.router.stack, { depth: 1 }).replaceAll(/\d{4,}|,$/gm, ''));
})();
