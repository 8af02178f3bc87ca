'use strict';
const api = require('@opentelemetry/api');
const redis = require('./libraries.cjs')('redis');
const { serveSteps } = require('./steps.cjs');

// node-redis measures itself when it is told to.
redis.OpenTelemetry.init({ api, metrics: { enabled: true } });
const client = redis.createClient({ url: process.env.REDIS_URL });

client.connect().then(() =>
  serveSteps({
    async read() {
      for (let i = 0; i < 5; i++) await client.get('own:1');
    },
  }),
);
