'use strict';
const path = require('node:path');

/**
 * One application with every way to route that Express has.
 *
 * @param {import('express')} express
 */
exports.routes = (express) => {
  const app = express();
  // Express 5 brought its router as a package of its own, a syntax for patterns and handlers that may reject.
  const isExpress4 = 'lazyrouter' in app;
  const ok = (_, response) => response.send('ok');
  const next = (_request, _response, next) => next();

  app.use(next);
  app.use('/static', express.static(path.join(__dirname, 'static')));
  app.use('/answered', (_, response) => response.send('by middleware'));
  app.get('/', ok);
  app.get('/users/:id', ok);
  app.get(isExpress4 ? '/users/:id/files/*' : '/users/:id/files/*path', ok);
  app.get(isExpress4 ? '/optional/:part?' : '/optional{/:part}', ok);
  app.route('/items').get(ok).post(ok);
  app.all('/any', ok);
  app.get(['/one', '/two/:id'], ok);
  app.get(/^\/fly$/, ok);
  app.get('/async/:id', async (_, response) => response.send('ok'));
  app.get('/twice/:id', next, (_request, _response, next) => next(), ok);

  // Handlers that fail.
  app.get('/throws/:id', () => {
    throw new Error('thrown');
  });
  const rejects = async () => {
    throw new Error('rejected');
  };
  app.get('/rejects/:id', isExpress4 ? (_request, _response, next) => rejects().catch(next) : rejects);
  app.get('/next/:id', (_request, _response, next) => next(new Error('passed on')));

  // Handlers that pass the request on.
  app.get('/passed/:id', (_request, _response, next) => next('route'), ok);
  app.get(isExpress4 ? '/passed/*' : '/passed/*rest', ok);
  const leaving = express.Router();
  leaving.get('/:id', (_request, _response, next) => next('router'));
  leaving.get('/:id', ok);
  app.use('/leaving', leaving);
  app.get('/leaving/:other', ok);

  // Mounted and nested routers.
  const leaf = express.Router({ mergeParams: true });
  leaf.get('/', ok);
  leaf.get('/leaves/:leaf', (request, response) => response.send(request.params));
  const branch = express.Router({ mergeParams: true });
  branch.use('/branches/:branch', next, leaf);
  branch.get('/own', ok);
  app.use('/trees/:tree', next, branch);
  app.use('/shared', leaf);
  app.use('/shared/again', leaf);
  app.use('/wrapped', (request, response, next) => leaf(request, response, next));
  app.use(['/left', '/right'], leaf);
  const root = express.Router();
  root.get('/from-root/:id', ok);
  app.use(root);
  app.use('/guarded', (request, response, next) => (request.query.key ? next() : response.status(401).end()), leaf);
  app.use('/slash/', leaf);
  const late = express.Router();
  late.get('/here', ok);
  app.use('/twofold', late);
  app.get('/twofold/:id', ok);

  // What was mounted and has been left, at a path that the next one continues.
  app.use('/api', next);
  app.use('/api/v1', leaf);
  const pathless = express.Router();
  pathless.use('/area', next);
  app.use(pathless);
  app.use('/area/inner', leaf);

  // Applications within the application.
  const inner = express();
  inner.get('/things/:id', ok);
  const innermost = express();
  innermost.get('/deep/:id', ok);
  inner.use('/inner', innermost);
  app.use('/sub', inner);

  // A parameter's callback that answers, that fails, and that goes on.
  const loading = express.Router();
  loading.param('id', (_request, response, next, id) => {
    if (id === 'none') return response.status(404).end();
    return id === 'bad' ? next(new Error('not loaded')) : next();
  });
  loading.get('/:id', ok);
  app.use('/loaded', loading);

  app.use((_error, _request, response, _next) => response.status(500).send('failed'));
  return app;
};

exports.listen = (app) => {
  const server = app.listen(0, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  });
};
