// As an ES module: two workers that answer with their process ids.
import cluster from 'node:cluster';
import { createServer } from 'node:http';

if (cluster.isPrimary) {
  const ports = [];
  cluster.on('message', (_, port) => {
    if (ports.push(port) === 2) console.log(`listening on http://127.0.0.1:${port}`);
  });
  cluster.fork();
  cluster.fork();
} else {
  const server = createServer((_, response) => response.end(String(process.pid)));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}
