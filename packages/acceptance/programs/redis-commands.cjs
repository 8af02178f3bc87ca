'use strict';
const load = require('./libraries.cjs');
const { serveSteps } = require('./steps.cjs');

const url = process.env.REDIS_URL;

/** How each library sends any command. */
const senders = {
  async ioredis() {
    const redis = new (load('ioredis'))(url).on('error', () => {});
    return (...command) => redis.call(...command);
  },
  async redis() {
    const client = await load('redis')
      .createClient({ url })
      .on('error', () => {})
      .connect();
    return (...command) => client.sendCommand(command);
  },
};

senders[process.argv[2]]().then((send) =>
  serveSteps({
    ping: () => send('PING'),

    async readJson() {
      await send('SET', 'doc:1', '{}');
      return [
        await send('JSON.GET', 'doc:1'),
        await send('JSON.GET', 'doc:none'),
        await send('JSON.MGET', 'doc:1', 'paper:none', 'doc:none'),
      ];
    },
  }),
);
