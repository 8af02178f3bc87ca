'use strict';
// A cluster: its events, its messages, who answers, and how its workers end.
const cluster = require('node:cluster');
const http = require('node:http');
const { once } = require('node:events');

if (cluster.isPrimary) {
  cluster.setupPrimary({ silent: true });
  const seen = [];
  for (const event of ['fork', 'online', 'listening', 'disconnect', 'exit', 'setup']) {
    cluster.on(event, (worker, ...rest) => seen.push([event, event === 'exit' ? rest : worker.id].join(' ')));
  }
  cluster.on('message', (_worker, message) => console.log('message', message));
  (async () => {
    const workers = [cluster.fork(), cluster.fork()];
    const addresses = await Promise.all(workers.map((worker) => once(worker, 'listening')));
    const [{ port, addressType }] = addresses[0];
    console.log(new Set(addresses.map(([address]) => address.port)).size, addressType, Object.keys(cluster.workers));
    const ids = new Set();
    for (let i = 0; i < 6; i++) ids.add(await (await fetch(`http://127.0.0.1:${port}`)).text());
    console.log([...ids].sort());
    workers[0].send('stop');
    console.log(await once(workers[0], 'exit'), workers[0].exitedAfterDisconnect);
    workers[1].kill('SIGTERM');
    console.log(await once(workers[1], 'exit'), workers[1].exitedAfterDisconnect);
    console.log(seen.sort().join('\n'), Object.keys(cluster.workers), cluster.settings.args);
  })();
} else {
  const server = http.createServer((_, response) =>
    response.setHeader('connection', 'close').end(String(cluster.worker.id)),
  );
  server.listen(0, '127.0.0.1');
  process.on('message', (message) => {
    process.send([
      message,
      cluster.worker.id,
      process.listenerCount('message'),
      process.listenerCount('internalMessage'),
    ]);
    server.close(() => cluster.worker.disconnect());
  });
}
