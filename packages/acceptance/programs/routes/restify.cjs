'use strict';

module.exports = async (load) => {
  const restify = await load('restify');
  const server = restify.createServer();
  const ok = (_request, response, next) => {
    response.send('ok');
    next();
  };
  server.use(restify.plugins.queryParser());
  server.use((request, response, next) => {
    if (!request.query.closed) return next();
    response.send(403);
    next(false);
  });
  server.on('restifyError', (_request, _response, _error, callback) => callback());

  server.get('/', ok);
  server.get('/users/:id', ok);
  server.head('/users/:id', ok);
  server.get('/users/:id/files/*', ok);
  server.get('/years/:year(^\\d{4}$)', ok);
  server.get('/throws/:id', (_request, _response, next) => next(new Error('passed on')));
  server.get('/hold/:id', (_request, _response, _next) => {});
  server.post('/validated/:id', (_request, response, next) => {
    response.send(400);
    next();
  });
  server.get('/denied/:id', (_request, response, next) => {
    response.send(401);
    next(false);
  });
  server.get('/shop/area/items/:item', ok);
  server.post('/shop/area/items', ok);

  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.server)));
};
