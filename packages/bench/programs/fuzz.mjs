// Sends malformed requests, and slow ones, to a port until it is ended: `node fuzz.mjs <port> <connections a second>`.

import { fuzz, slowClients } from '@payments/local-stack';

// The bench is gone: nobody else would end this process.
process.on('disconnect', () => process.exit());
const [port, perSecond] = process.argv.slice(2).map(Number);
const host = 'localhost';
slowClients(port, host, 100);
await fuzz({
  port,
  host,
  seed: 1,
  count: Number.MAX_SAFE_INTEGER,
  atATime: 48,
  interval: 1000 / perSecond,
  judge() {},
});
