'use strict';

module.exports = async (load, variant) => {
  const [Koa, Router] = [await load('koa'), await load('@koa/router')];
  const app = new Koa();
  app.silent = true;
  const ok = (context) => {
    context.body = 'ok';
  };

  const router = new Router();
  // The libraries' wildcards are written in two ways.
  const [rest, year] = variant === 'oldest' ? ['(.*)', ':year(\\d{4})'] : ['{*rest}', /^\/years\/\d{4}$/];
  router.get('/', ok);
  router.get('/users/:id', ok);
  router.get(`/users/:id/files/${rest}`, ok);
  router.get(year instanceof RegExp ? year : `/years/${year}`, ok);
  router.get('/throws/:id', async () => {
    throw new Error('thrown');
  });
  router.get('/hold/:id', () => new Promise(() => {}));
  router.post('/validated/:id', (context) => context.throw(400));
  const denied = new Router({ prefix: '/denied' });
  denied.use((context) => {
    context.status = 401;
  });
  denied.get('/:id', ok);
  router.use(denied.routes());

  const area = new Router();
  area.get('/items/:item', ok);
  area.post('/items', ok);
  const shop = new Router({ prefix: '/shop' });
  shop.use((context, next) => {
    if (!context.query.closed) return next();
    context.status = 403;
  });
  shop.use('/area', area.routes());

  app.use(router.routes()).use(router.allowedMethods());
  app.use(shop.routes());
  if (variant !== 'oldest') {
    const mount = await load('koa-mount');
    const mounted = new Koa();
    mounted.use(mount('/inner', new Router().get('/deep/:id', ok).routes()));
    mounted.use(new Router().get('/own/:id', ok).routes());
    app.use(mount('/mounted', mounted));
    app.use(new Router().get('/mounted/past/:id', ok).routes());
  }

  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server));
  });
};
