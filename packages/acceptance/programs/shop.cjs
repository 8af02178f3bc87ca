'use strict';
// A service with a database, which calls itself.
const { once } = require('node:events');
const { get } = require('node:http');
const express = require('express');
const pg = require('pg');

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.get('/orders/:id', async (_, response) => {
  await pool.query('select 1');
  global.gc();
  response.end('an order');
});
app.get('/broken', (_, response) => response.status(500).end());
app.get('/', async (request, response) => {
  const [answer] = await once(get(`http://${request.headers.host}/orders/1`), 'response');
  answer.pipe(response);
});
const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
