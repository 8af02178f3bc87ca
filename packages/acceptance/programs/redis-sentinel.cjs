'use strict';
const { once } = require('node:events');
const load = require('./libraries.cjs');
const { serveSteps } = require('./steps.cjs');

const host = '127.0.0.1';
const port = Number(process.env.SENTINEL_PORT);
const name = process.env.SENTINEL_MASTER;

const clients = {
  async ioredis() {
    const redis = new (load('ioredis'))({ sentinels: [{ host, port }], name });
    await once(redis, 'ready');
    return redis;
  },
  async redis() {
    const redis = load('redis').createSentinel({ name, sentinelRootNodes: [{ host, port }] });
    redis.on('error', () => {});
    return redis.connect();
  },
};

clients[process.argv[2]]().then((redis) =>
  serveSteps({
    async usual() {
      await redis.set('usual:1', 'x');
      return Promise.all([redis.get('usual:1'), redis.get('usual:2')]);
    },
  }),
);
