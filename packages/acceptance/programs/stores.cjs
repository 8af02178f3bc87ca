'use strict';
// A service that asks PostgreSQL and Redis for each answer, and says so with 503 when they cannot be asked.
const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { default: Redis } = require('ioredis');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10, connectionTimeoutMillis: 1_000 });
pool.on('error', () => {});
const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
redis.on('error', () => {});

const server = createServer(async (request, response) => {
  try {
    const body = await text(request);
    const { rows } = await pool.query('SELECT $1::text AS asked', [`${request.method} ${request.url}`]);
    await redis.set(request.url, body);
    response.end(`${rows[0].asked} ${await redis.get(request.url)}`);
  } catch ({ code, message }) {
    response.writeHead(503).end(`${code ?? message}`);
  }
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  redis.disconnect();
  await pool.end();
});
