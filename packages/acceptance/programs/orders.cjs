'use strict';

/**
 * A service of what most services have: routes, PostgreSQL, both clients of Redis, and a request to another service, which is
 * itself. The libraries are given as they were loaded.
 */
exports.start = ({ express, pg, Redis, createClient }) => {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  const ioredis = new Redis(process.env.REDIS_URL);
  const nodeRedis = createClient({ url: process.env.REDIS_URL });
  const app = express();
  const url = () => `http://127.0.0.1:${server.address().port}`;

  app.get('/stock/:id', (_, response) => response.send('much'));
  app.get('/orders/:id', async (request, response) => {
    await pool.query('select $1::text', [request.params.id]);
    await ioredis.get('order:1');
    await nodeRedis.hGet('basket:1', 'field');
    response.send(await (await fetch(`${url()}/stock/7`)).text());
  });
  const server = app.listen(0, '127.0.0.1', async () => {
    await nodeRedis.connect();
    console.log(`listening on ${url()}`);
  });
};
