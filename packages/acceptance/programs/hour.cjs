'use strict';
// A service of what most services do and what goes wrong in them; it tells what it holds on to. Run with --expose-gc.
const { writeHeapSnapshot } = require('node:v8');
const express = require('express');
const { Redis } = require('ioredis');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10, idleTimeoutMillis: 0 });
const redis = new Redis(process.env.REDIS_URL);
const app = express();

app.get('/orders/:id', async ({ params: { id } }, response) => {
  const cached = await redis.get(`order:${id}`);
  const { rows } = await pool.query('SELECT $1::int AS id', [id]);
  if (cached === null) await redis.set(`order:${id}`, JSON.stringify(rows[0]));
  response.json(rows[0]);
});
app.get('/transfers/:id', async ({ params: { id } }, response) => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT $1::int', [id]);
    await client.query(id % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
  } finally {
    client.release();
  }
  await redis.multi().set('last', id).get('last').exec();
  response.end(await (await fetch(`http://127.0.0.1:${server.address().port}/orders/7`)).text());
});
// Caches that nobody has asked before.
app.get('/tenants/:id', async ({ params: { id } }, response) =>
  response.json(await redis.mget(Array.from({ length: 10 }, (_, n) => `tenant-${id}-${n}:name`))),
);
app.get('/wrong/sql', () => pool.query('SELECT 1/0'));
app.get('/wrong/redis', () => redis.call('no-command'));
app.get('/wrong/:what', ({ params: { what } }) => {
  throw new Error(what);
});
app.get('/slow/head', (_, response) => response.write('a part'));
app.get('/slow/nothing', () => {});
// The pool drops the connections of queries that fail: it is to be full, however little was asked of it since.
app.get('/full', async (_, response) => {
  await Promise.all(Array.from({ length: 10 }, () => pool.query('SELECT pg_sleep(0.1)')));
  response.end();
});
app.get('/held', (_, response) => {
  globalThis.gc();
  response.json({
    heap: process.memoryUsage().heapUsed,
    resources: counted(process.getActiveResourcesInfo()),
    listeners: counted(process.eventNames().flatMap((name) => Array(process.listenerCount(name)).fill(String(name)))),
  });
});
app.get('/snapshot', ({ query: { file } }, response) => response.end(writeHeapSnapshot(file)));
app.use((_error, _request, response, _next) => response.status(500).end());

function counted(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
