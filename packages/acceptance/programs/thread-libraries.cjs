'use strict';
// Libraries that work in threads: pino's transport writes lines, piscina's pool asks the server for what it is given.
const { createServer } = require('node:http');
const { isMainThread } = require('node:worker_threads');
const libraries = require('./libraries.cjs');

if (isMainThread) {
  const pino = libraries('pino');
  const log = pino(pino.transport({ target: 'pino/file', options: { destination: 1 } }));
  const { Piscina } = libraries('piscina');
  const pool = new Piscina({ filename: __filename, minThreads: 2, maxThreads: 2 });
  const asked = createServer((_, response) => response.end('asked'));
  asked.listen(0, '127.0.0.1', () => {
    const url = `http://127.0.0.1:${asked.address().port}`;
    const server = createServer(async (request, response) => {
      if (request.url === '/end') {
        response.end('ended');
        await pool.close();
        for (const one of [server, asked]) {
          one.close();
          one.closeAllConnections();
        }
        log.info('ended');
        return;
      }
      response.end((await Promise.all(Array.from({ length: 20 }, () => pool.run(url)))).join());
    });
    server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
  });
}

module.exports = async (url) => {
  const response = await fetch(url);
  return response.text();
};
