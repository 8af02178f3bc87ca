'use strict';

// shop.cjs as somebody writes it who measures with prom-client: express-prom-bundle for the requests, each query and each
// command timed, hits and misses counted, the pool looked at.

const express = require('express');
const { Redis } = require('ioredis');
const { Pool } = require('pg');
const bundle = require('../peers/prom-client/node_modules/express-prom-bundle');
const client = require('../peers/prom-client/node_modules/prom-client');

const redis = new Redis(process.env.REDIS_URL);
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const operations = new client.Histogram({
  name: 'db_client_operation_duration_seconds',
  help: 'Duration of database client operations.',
  labelNames: ['system', 'operation', 'error'],
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
});
const hits = new client.Counter({ name: 'cache_hits_total', help: 'Keys found.', labelNames: ['cache'] });
const misses = new client.Counter({ name: 'cache_misses_total', help: 'Keys not there.', labelNames: ['cache'] });
new client.Gauge({
  name: 'db_client_connection_count',
  help: 'Connections of the pool.',
  labelNames: ['state'],
  collect() {
    this.set({ state: 'idle' }, pool.idleCount);
    this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
  },
});

const app = express();
app.disable('x-powered-by');
app.use(
  bundle({
    includeMethod: true,
    includePath: true,
    includeStatusCode: true,
    normalizePath: (request) => request.route?.path ?? 'none',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    promClient: { collectDefaultMetrics: {} },
  }),
);

app.get('/products/:id', async (request, response) => {
  const { id } = request.params;
  const cached = await timed('redis', 'GET', () => redis.get(`product:${id}`));
  (cached === null ? misses : hits).inc({ cache: 'product' });
  const { rows } = await timed('postgresql', 'SELECT', () =>
    pool.query('SELECT warehouse, pieces FROM stock WHERE product_id = $1', [id]),
  );
  response.json({ product: cached === null ? { id } : JSON.parse(cached), stock: rows });
});

app.listen(Number(process.env.PORT), '127.0.0.1');

/**
 * @template T
 * @param {string} system
 * @param {string} operation
 * @param {() => Promise<T>} work
 */
async function timed(system, operation, work) {
  const end = operations.startTimer({ system, operation });
  try {
    const result = await work();
    end({ error: '' });
    return result;
  } catch (error) {
    end({ error: error.code ?? error.name });
    throw error;
  }
}
