'use strict';
const { get } = require('node:http');
const libraries = require('./libraries.cjs');
const { serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const Redis = libraries('ioredis');
const { createClient } = libraries('redis');
const undici = libraries('undici');

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
const redis = new Redis(process.env.REDIS_URL);
const nodeRedis = createClient({ url: process.env.REDIS_URL });
const target = process.env.TARGET_URL;

/** The only connection of the pool while a request holds it. */
let held;

const steps = {
  pg: () => pool.query('select 1').then(({ rowCount }) => rowCount),
  ioredis: () => redis.get('x'),
  nodeRedis: () => nodeRedis.hGet('x', 'y'),
  http: () =>
    new Promise((resolve, reject) => {
      get(target, (response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', reject);
    }),
  fetch: async () => (await fetch(target, { method: 'POST' })).text(),
  undici: async () => (await undici.request(target, { method: 'PUT' })).body.text(),

  async holdConnection() {
    held = await pool.connect();
  },
  waitForConnection: () => pool.query('update pg_class set relname = relname where false').then(() => null),
  waiting: () => pool.waitingCount,
  giveConnectionBack: () => held.release(),

  async waitForValue() {
    const other = redis.duplicate();
    await other.brpop('late', 0);
    await other.quit();
  },
  blocked: async () => Number(/blocked_clients:(\d+)/.exec(await redis.info('clients'))[1]),
  giveValue: () => redis.lpush('late', 'x'),
};

nodeRedis.connect().then(() => serveSteps(steps));
