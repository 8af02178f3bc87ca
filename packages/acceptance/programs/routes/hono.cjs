'use strict';

module.exports = async (load) => {
  const [hono, { serve }] = [await load('hono'), await load('@hono/node-server')];
  const { Hono } = hono;
  const ok = (context) => context.text('ok');
  const app = new Hono();
  app.onError((_error, context) => context.text('failed', 500));
  app.use('*', (_context, next) => next());

  app.get('/', ok);
  app.get('/users/:id', ok);
  app.get('/users/:id/files/*', ok);
  app.get('/years/:year{[0-9]{4}}', ok);
  app.get('/throws/:id', () => {
    throw new Error('thrown');
  });
  app.get('/hold/:id', () => new Promise(() => {}));
  app.post('/validated/:id', (context) => context.text('not valid', 400));
  app.use('/denied/*', async (context, _next) => context.text('denied', 401));
  app.get('/denied/:id', ok);

  const area = new Hono();
  area.get('/items/:item', ok);
  area.post('/items', ok);
  const shop = new Hono().basePath('/shop');
  shop.use('*', async (context, next) => (context.req.query('closed') ? context.text('closed', 403) : next()));
  shop.route('/area', area);
  app.route('/', shop);

  // What a middleware of the application answers, at a path that no route has.
  app.use('/answered/*', async (context, _next) => context.text('answered'));
  app.all('/any', ok);

  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(server));
  });
};
