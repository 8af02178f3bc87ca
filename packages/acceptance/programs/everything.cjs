'use strict';
// Uses once each library that a probe watches.
const express = require('express');
const Redis = require('ioredis');
const pg = require('pg');

const redis = new Redis(process.env.REDIS_URL);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();

app.get('/use/:thing', async (_, response) => {
  await redis.get('a:key');
  await pool.query('select 1');
  global.gc();
  response.end('used');
});
const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
