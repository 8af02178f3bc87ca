'use strict';

module.exports = async (load) => {
  const app = (await load('fastify'))();
  const ok = async () => 'ok';

  app.get('/', ok);
  app.get('/users/:id', ok);
  app.get('/users/:id/files/*', ok);
  app.get('/years/:year(^\\d{4}$)', ok);
  app.get('/throws/:id', async () => {
    throw new Error('thrown');
  });
  app.get('/hold/:id', () => new Promise(() => {}));
  app.post(
    '/validated/:id',
    { schema: { body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } } },
    ok,
  );
  app.get('/denied/:id', { preHandler: (_request, reply) => reply.code(401).send('denied') }, ok);
  app.register(
    async (shop) => {
      // In the plugin, and for all of its routes.
      shop.addHook('onRequest', (request, reply, done) =>
        request.query.closed ? reply.code(403).send('closed') : done(),
      );
      shop.register(
        async (area) => {
          area.get('/items/:item', ok);
          area.post('/items', ok);
        },
        { prefix: '/area' },
      );
      shop.setNotFoundHandler((_request, reply) => reply.code(404).send('none'));
    },
    { prefix: '/shop' },
  );

  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server;
};
