'use strict';

const { createServer } = require('node:http');

// Answers each path with itself, and closes no connection just when it is used again.
createServer({ keepAliveTimeout: 0 }, (request, response) => response.end(request.url)).listen(
  Number(process.env.PORT),
  '127.0.0.1',
);
