'use strict';
const { createServer, get } = require('node:http');

/**
 * A service that starts Sentry itself: `/captures` reports an error, `/http` answers what headers of a trace its own request
 * has.
 */
exports.serve = (Sentry) => {
  let captured = 0;
  const rate = process.env.OWN_TRACES_SAMPLE_RATE;
  Sentry.init({ dsn: process.env.OWN_DSN, ...(rate && { tracesSampleRate: Number(rate) }) });
  const server = createServer((request, response) => {
    if (request.url === '/captures') {
      // Of errors that are alike the SDK drops all but the first.
      captured++;
      Sentry.captureException(new Error(`captured ${captured}`));
      response.end('{}');
    } else if (request.url === '/http') {
      get(`http://127.0.0.1:${server.address().port}/echo`, (echoed) => echoed.pipe(response));
    } else {
      const { traceparent, 'sentry-trace': sentryTrace, baggage } = request.headers;
      response.end(JSON.stringify({ traceparent, 'sentry-trace': sentryTrace, baggage }));
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
};

if (require.main === module) exports.serve(require('./libraries.cjs')('@sentry/node'));
