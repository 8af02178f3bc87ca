// A service that has had requests, and whose event loop drains: how often it is told, and what it does then.
import { once } from 'node:events';
import { createServer } from 'node:http';

let rounds = 0;
process.on('beforeExit', (code) => {
  console.log('beforeExit', ++rounds, code);
});
process.once('beforeExit', () => console.log('once'));
process.on('exit', (code) => console.log('exit', code));
const server = createServer((_, response) => response.end());
await once(server.listen(0, '127.0.0.1'), 'listening');
await (await fetch(`http://127.0.0.1:${server.address().port}`)).text();
server.close();
server.closeAllConnections();
