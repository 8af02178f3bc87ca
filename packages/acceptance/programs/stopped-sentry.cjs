'use strict';
// A service that starts Sentry itself, while the agent is stopped.
const { once } = require('node:events');
const { get } = require('node:http');
const express = require('express');
const Sentry = require('./libraries.cjs')('@sentry/node');
const { start, stop } = require('../../../otel/register.js');
const { serveSteps } = require('./steps.cjs');

const app = express();
app.get('/', () => {
  throw new Error('wrong');
});
app.use((_error, _request, response, _next) => response.status(500).end());
const server = app.listen(0, '127.0.0.1').unref();

serveSteps({
  async startSentry() {
    await stop();
    Sentry.init({ dsn: process.env.OWN_DSN });
    start();
  },
  async fail() {
    const [response] = await once(get({ port: server.address().port, host: '127.0.0.1', agent: false }), 'response');
    await once(response.resume(), 'close');
  },
});
