'use strict';

module.exports = async (load) => {
  const hapi = await load('@hapi/hapi');
  const server = hapi.server({ port: 0, host: '127.0.0.1', debug: false });
  const handler = () => 'ok';

  server.auth.scheme('none', () => ({ authenticate: (_request, h) => h.response('denied').code(401).takeover() }));
  server.auth.strategy('none', 'none');
  server.route([
    { method: 'GET', path: '/', handler },
    { method: 'GET', path: '/users/{id}', handler },
    { method: 'GET', path: '/users/{id}/files/{path*}', handler },
    { method: 'GET', path: '/years/{year}', handler },
    {
      method: 'GET',
      path: '/throws/{id}',
      handler() {
        throw new Error('thrown');
      },
    },
    { method: 'GET', path: '/hold/{id}', handler: () => new Promise(() => {}) },
    {
      method: 'POST',
      path: '/validated/{id}',
      handler,
      options: {
        validate: {
          payload() {
            throw new Error('not valid');
          },
        },
      },
    },
    { method: 'GET', path: '/denied/{id}', handler, options: { auth: 'none' } },
  ]);
  await server.register(
    {
      name: 'shop',
      register(shop) {
        shop.ext(
          'onPreAuth',
          (request, h) => (request.query.closed ? h.response('closed').code(403).takeover() : h.continue),
          {
            sandbox: 'plugin',
          },
        );
        shop.route([
          { method: 'GET', path: '/area/items/{item}', handler },
          { method: 'POST', path: '/area/items', handler },
        ]);
      },
    },
    { routes: { prefix: '/shop' } },
  );

  await server.start();
  return server.listener;
};
