'use strict';
// The objects of libraries: what their classes, clients and errors look like, with no server there.
const { inspect } = require('node:util');
const { failing, instance, own, tell } = require('../shapes.cjs');
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
