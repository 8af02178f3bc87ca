'use strict';
const { createServer } = require('node:http');

/**
 * A service whose steps a test takes one by one: `GET /<step>` runs the step of that name and answers what it returns, as
 * JSON; a step that fails is a 500 with the error's stack.
 *
 * @param {Record<string, () => unknown>} steps
 */
exports.serveSteps = (steps) => {
  const server = createServer(async (request, response) => {
    try {
      response.end(JSON.stringify((await steps[request.url.slice(1)]()) ?? null));
    } catch (error) {
      response.statusCode = 500;
      response.end(error.stack);
    }
  });
  server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
};

/** What a promise came to: the value, or the error's code and message. */
exports.outcome = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ code, message }) => ({ code, message }),
  );
