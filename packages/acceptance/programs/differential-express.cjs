'use strict';
const libraries = require('./libraries.cjs');
const { listen } = require('./express-routes.cjs');

// Express 4 and 5, with routes that both know how to write.
const express = libraries('express');
const app = express();
const ok = (_, response) => response.send('ok');
const next = (_request, _response, next) => next();

app.use(next);
const root = express.Router();
root.get('/from-root/:id', ok);
app.use(root);
app.use('/answered', (_, response) => response.send('by middleware'));
app.get('/', ok);
app.get('/users/:id', ok);
app.get('/users/:id/files/:file', next, ok);
app.route('/items').get(ok).post(ok);
app.get(['/one', '/two/:id'], ok);
app.get(/^\/fly$/, ok);
app.get('/later/:id', async (_, response) => {
  await new Promise(setImmediate);
  response.send('ok');
});
app.get('/throws/:id', () => {
  throw new Error('thrown');
});
app.get('/next/:id', (_request, _response, next) => next(new Error('passed on')));
app.get('/passed/:id', (_request, _response, next) => next('route'), ok);
app.get('/passed/:other', ok);

const leaf = express.Router({ mergeParams: true });
leaf.get('/', ok);
leaf.get('/leaves/:leaf', ok);
const branch = express.Router();
branch.use('/branches/:branch', leaf);
branch.get('/own', ok);
app.use('/trees/:tree', branch);
app.use('/shared', leaf);
app.use(['/left', '/right'], leaf);
app.use(/^\/pattern/, leaf);
app.use('/wrapped', (request, response, next) => leaf(request, response, next));
app.use('/guarded', (request, response, next) => (request.query.key ? next() : response.status(401).end()), leaf);
const late = express.Router();
late.get('/here', ok);
app.use('/twofold', late);
app.get('/twofold/:id', ok);
const inner = express();
inner.get('/things/:id', ok);
app.use('/sub', inner);
const loading = express.Router();
loading.param('id', (_request, response, next, id) => (id === 'none' ? response.status(404).end() : next()));
loading.get('/:id', ok);
app.use('/loaded', loading);

app.use('/handled', (_request, _response, next) => next(new Error('for the handler of errors')));
app.use((_error, _request, response, _next) => response.status(500).send('failed'));
listen(app);
