'use strict';

// An ordinary service: a product comes from the cache, its stock from the database. One product in ten is not cached.

const express = require('express');
const { Redis } = require('ioredis');
const { Pool } = require('pg');

const redis = new Redis(process.env.REDIS_URL);
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const app = express();
app.disable('x-powered-by');

app.get('/products/:id', async (request, response) => {
  const { id } = request.params;
  const cached = await redis.get(`product:${id}`);
  const { rows } = await pool.query('SELECT warehouse, pieces FROM stock WHERE product_id = $1', [id]);
  response.json({ product: cached === null ? { id } : JSON.parse(cached), stock: rows });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
