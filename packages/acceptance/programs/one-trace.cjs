'use strict';
const { get } = require('node:http');

/**
 * A service that asks itself: `GET /` asks for `/payments/7` with node:http, and that one asks PostgreSQL, Redis, another
 * server and RabbitMQ, whose message is processed here as well.
 *
 * @param {Record<string, any>} libraries by their names on npm
 */
module.exports = async ({ express, pg, ioredis: Redis, redis, undici, amqplib }) => {
  const { DATABASE_URL, REDIS_URL, RABBITMQ_URL, TARGET_URL } = process.env;
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 1 });
  await pool.query('select 1');
  const first = new Redis(REDIS_URL);
  const second = await redis.createClient({ url: REDIS_URL }).connect();
  const channel = await (await amqplib.connect(RABBITMQ_URL)).createChannel();
  await channel.assertQueue('payments');
  await channel.consume('payments', async (message) => {
    await first.set('processed', '7');
    channel.ack(message);
  });

  const payments = express.Router();
  payments.get('/:id', async ({ params }, response) => {
    await pool.query('select $1::int', [params.id]);
    await first.get('payment:7');
    await second.hGet('payment:7', 'state');
    await (await undici.request(TARGET_URL, { method: 'PUT' })).body.text();
    await (await fetch(TARGET_URL, { method: 'POST' })).text();
    channel.sendToQueue('payments', Buffer.from(params.id));
    response.send('paid');
  });
  const app = express();
  app.use('/payments', payments);
  app.get('/', (_, response) => {
    get(`http://127.0.0.1:${server.address().port}/payments/7`, (payment) => payment.pipe(response));
  });
  const server = app.listen(0, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  });
};
