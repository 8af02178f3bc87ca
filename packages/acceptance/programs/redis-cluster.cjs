'use strict';
const { outcome, serveSteps } = require('./steps.cjs');

const ports = process.env.REDIS_PORTS.split(',').map(Number);
const load = require('./libraries.cjs');

/** What both libraries are asked to do. */
const clients = {
  ioredis() {
    const { Cluster } = load('ioredis');
    const cluster = new Cluster(
      ports.map((port) => ({ host: '127.0.0.1', port })),
      { slotsRefreshInterval: 3_600_000 },
    );
    return {
      get: (key) => cluster.get(key),
      set: (key, value) => cluster.set(key, value),
      fail: (key) => cluster.lpop(key),
      transaction: (key) => cluster.multi().set(key, 'x').get(key).exec(),
      pipeline: (key) => cluster.pipeline().get(key).get(key).exec(),
    };
  },
  async redis() {
    const cluster = load('redis').createCluster({
      rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
    });
    cluster.on('error', () => {});
    await cluster.connect();
    return {
      get: (key) => cluster.get(key),
      set: (key, value) => cluster.set(key, value),
      fail: (key) => cluster.lPop(key),
      transaction: (key) => cluster.multi().set(key, 'x').get(key).exec(),
      // Sends what is not answered yet in one go.
      pipeline: (key) => Promise.all([cluster.get(key), cluster.get(key)]),
    };
  },
};

Promise.resolve(clients[process.argv[2]]()).then((client) =>
  serveSteps({
    async usual() {
      await client.set('usual:1', 'x');
      return [await client.get('usual:1'), await outcome(client.fail('usual:1'))];
    },
    transaction: () => client.transaction('transaction:1'),
    moved: () => client.get('moved:1'),
    movedInPipeline: () => client.pipeline('moved:2'),
    movedInTransaction: () => client.transaction('moved:3'),
    asked: () => client.get('asked:1'),
    askedInPipeline: () => client.pipeline('asked:2'),
  }),
);
