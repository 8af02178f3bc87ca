'use strict';
const libraries = require('./libraries.cjs');

/** Applications that handle their errors themselves. `/throws` fails, `/refuses` with what the client did wrong. */
const applications = {
  async express() {
    const app = libraries('express')();
    app.get('/throws', () => {
      throw new Error('thrown');
    });
    app.get('/refuses', () => {
      throw Object.assign(new Error('refused'), { status: 400 });
    });
    app.get('/value', (_request, _response, next) => next('only a text'));
    app.use((error, _request, _response, next) => next(error));
    app.use((error, _request, response, _next) => response.status(error.status ?? 503).send(`own: ${error.message}`));
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server));
    });
  },
  async fastify() {
    const app = libraries('fastify')();
    app.get('/throws', async () => {
      throw new Error('thrown');
    });
    app.get('/refuses', async () => {
      throw Object.assign(new Error('refused'), { statusCode: 400 });
    });
    app.get('/value', async () => {
      throw 'only a text';
    });
    app.setErrorHandler((error, _request, reply) => reply.code(error.statusCode ?? 503).send(`own: ${error.message}`));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  async koa() {
    const app = new (libraries('koa'))();
    app.on('error', () => {});
    app.use((context) => {
      if (context.path === '/value') throw 'only a text';
      if (context.path === '/refuses') context.throw(400, 'refused');
      throw Object.assign(new Error('thrown'), { status: 503, expose: true });
    });
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server));
    });
  },
};

applications[process.argv[2]]().then((server) => console.log(`listening on http://127.0.0.1:${server.address().port}`));
