'use strict';

// What PM2 runs in its cluster mode: it answers with its process id.
require('node:http')
  .createServer((_, response) => response.end(String(process.pid)))
  .listen(Number(process.env.SERVICE_PORT), '127.0.0.1');
