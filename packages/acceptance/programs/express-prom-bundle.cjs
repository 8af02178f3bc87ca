'use strict';
// A service that has prom-client's default metrics and those of express-prom-bundle, on a /metrics of its own.
const libraries = require('./libraries.cjs');

const app = libraries('express')();
app.use(
  libraries('express-prom-bundle')({
    includeMethod: true,
    includePath: true,
    promClient: { collectDefaultMetrics: {} },
  }),
);
app.get('/orders/:id', (request, response) => {
  global.gc();
  response.status(request.params.id === '0' ? 500 : 200).json({});
});
const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
