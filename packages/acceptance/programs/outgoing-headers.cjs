'use strict';
const { createServer, get } = require('node:http');

/** Answers what headers of a trace its own requests have: `/http` and `/fetch` ask `/echo`. */
const TRACE = ['traceparent', 'tracestate', 'sentry-trace', 'baggage', 'b3'];

const server = createServer(async (request, response) => {
  const url = `http://127.0.0.1:${server.address().port}/echo`;
  if (request.url === '/echo') {
    // As they came: a header that is there twice must be seen.
    const pairs = request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name.toLowerCase(), all[i + 1]]] : []));
    response.end(JSON.stringify(pairs.filter(([name]) => TRACE.includes(name))));
  } else if (request.url === '/http') {
    get(url, (echoed) => echoed.pipe(response));
  } else if (request.url === '/fetch') {
    response.end(await (await fetch(url)).text());
  } else {
    throw new Error('thrown');
  }
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
