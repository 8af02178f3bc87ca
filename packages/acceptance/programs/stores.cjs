'use strict';
// A service that asks PostgreSQL and Redis for each answer, and says so with 503 when they cannot be asked. /seen answers how often it
// asked for what, and what came of it.
const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { default: Redis } = require('ioredis');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10, connectionTimeoutMillis: 10_000 });
pool.on('error', () => {});
const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 0, retryStrategy: () => 50 });
redis.on('error', () => {});

const seen = { asked: {}, answered: {} };
const count = (of, what) => {
  of[what] = (of[what] ?? 0) + 1;
};
async function answered(what, answer) {
  const value = await answer;
  count(seen.answered, what);
  return value;
}
function askRedis(command, ...args) {
  count(seen.asked, `redis ${command}`);
  return answered(`redis ${command}`, redis[command.toLowerCase()](...args));
}
// Not when no connection can be had.
pool.on('acquire', () => count(seen.asked, 'postgresql SELECT'));

const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
  if (request.url === '/seen') return response.end(JSON.stringify(seen));
  try {
    const body = await text(request);
    const asked = [`${request.method} ${request.url}`];
    const { rows } = await answered('postgresql SELECT', pool.query('SELECT $1::text AS asked', asked));
    await askRedis('SET', request.url, body);
    response.end(`${rows[0].asked} ${await askRedis('GET', request.url)}`);
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
