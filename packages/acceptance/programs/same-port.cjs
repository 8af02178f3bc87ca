'use strict';
const { createServer } = require('node:http');
const libraries = require('./libraries.cjs');

// A service with a /metrics of its own, or with none: node same-port.cjs <framework> own|none. `/seen` answers the targets of
// all requests that the service has seen, and `POST /metrics` is a route of it.
const [framework, page] = process.argv.slice(2);
const hasOwn = page === 'own';
const OWN = 'own 1\n';

const seen = [];
const see = (method, url) => {
  if (url !== '/seen') seen.push(`${method} ${url}`);
};

const listen = (server) => server.listen(0, '127.0.0.1', () => listening(server));
const listening = (server) => console.log(`listening on http://127.0.0.1:${server.address().port}`);

const services = {
  /** Answers everything. */
  http: () =>
    listen(
      createServer((request, response) => {
        see(request.method, request.url);
        if (request.url === '/seen') return response.end(JSON.stringify(seen));
        response.end(hasOwn && request.url === '/metrics' ? OWN : 'hello');
      }),
    ),
  /** Never answers what it does not know. */
  'http that answers what it knows': () =>
    listen(
      createServer((request, response) => {
        see(request.method, request.url);
        if (request.url === '/seen') return response.end(JSON.stringify(seen));
        if (request.method === 'POST') return response.end('taken');
        if (hasOwn && request.url === '/metrics') response.writeHead(200, { 'content-type': 'text/plain' }).end(OWN);
      }),
    ),
  /** Throws at what it does not know. */
  'http that throws': () =>
    listen(
      createServer((request, response) => {
        see(request.method, request.url);
        const routes = { '/seen': () => JSON.stringify(seen), ...(hasOwn && { '/metrics': () => OWN }) };
        response.end(routes[request.url]());
      }),
    ),
  express() {
    const express = libraries('express');
    const app = express();
    app.set('trust proxy', true);
    app.use((request, _response, next) => {
      see(request.method, request.ip && request.originalUrl);
      next();
    });
    app.get('/seen', (_request, response) => response.json(seen));
    app.post('/metrics', (_request, response) => response.send('taken'));
    const router = express.Router();
    router.get('/metrics', (_request, response) => response.type('text/plain').send(OWN));
    if (hasOwn) app.use(router);
    const server = app.listen(0, '127.0.0.1', () => listening(server));
  },
  async fastify() {
    const app = libraries('fastify')({ trustProxy: true });
    app.addHook('onRequest', async (request) => see(request.method, request.ip && request.raw.url));
    app.get('/seen', async () => seen);
    app.post('/metrics', async () => 'taken');
    if (hasOwn) app.get('/metrics', async (_request, reply) => reply.type('text/plain').send(OWN));
    await app.listen({ port: 0, host: '127.0.0.1' });
    listening(app.server);
  },
  koa() {
    const app = new (libraries('koa'))();
    const router = new (libraries('@koa/router'))();
    app.use((context, next) => {
      see(context.method, context.ip && context.url);
      return next();
    });
    router.get('/seen', (context) => {
      context.body = seen;
    });
    router.post('/metrics', (context) => {
      context.body = 'taken';
    });
    if (hasOwn) {
      router.get('/metrics', (context) => {
        context.body = OWN;
      });
    }
    app.use(router.routes());
    const server = app.listen(0, '127.0.0.1', () => listening(server));
  },
  async hapi() {
    const server = libraries('@hapi/hapi').server({ port: 0, host: '127.0.0.1' });
    server.ext('onRequest', (request, h) => {
      see(request.method.toUpperCase(), request.info.remoteAddress && request.raw.req.url);
      return h.continue;
    });
    server.route({ method: 'GET', path: '/seen', handler: () => seen });
    server.route({ method: 'POST', path: '/metrics', handler: () => 'taken' });
    if (hasOwn)
      server.route({ method: 'GET', path: '/metrics', handler: (_, h) => h.response(OWN).type('text/plain') });
    await server.start();
    listening(server.listener);
  },
  restify() {
    const server = libraries('restify').createServer();
    server.pre((request, _response, next) => {
      see(request.method, request.url);
      next();
    });
    server.get('/seen', (_request, response, next) => next(response.json(seen)));
    server.post('/metrics', (_request, response, next) => next(response.sendRaw('taken')));
    if (hasOwn) server.get('/metrics', (_request, response, next) => next(response.sendRaw(OWN)));
    server.listen(0, '127.0.0.1', () => listening(server));
  },
  hono() {
    const { Hono } = libraries('hono');
    const app = new Hono();
    app.use('*', (context, next) => {
      see(context.req.method, new URL(context.req.url).pathname);
      return next();
    });
    app.get('/seen', (context) => context.json(seen));
    app.post('/metrics', (context) => context.text('taken'));
    if (hasOwn) app.get('/metrics', (context) => context.text(OWN));
    const server = libraries('@hono/node-server').serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
      listening(server),
    );
  },
};

services[framework]();
