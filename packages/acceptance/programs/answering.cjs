'use strict';
// Answers each path with itself, /seen with how many requests it has seen, and /collect when it has collected garbage: run with
// --expose-gc.
const { createServer } = require('node:http');

let seen = 0;
// Without a time limit no connection is closed just when its client uses it again.
const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  seen++;
  if (request.url === '/collect') for (let i = 0; i < 25; i++) global.gc();
  response.end(request.url === '/seen' ? String(seen) : request.url);
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
