// Spotlight on the port of the first argument, for this machine alone or at the address of the second. It knows Sentry's
// envelopes; spans, which go to Sentry by OTLP, become transactions here.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setupSpotlight } from '@spotlightjs/spotlight';
import { Transactions } from '../dist/spotlight/transactions.js';

/** Sentry's is /api/<project>/integration/otlp/v1/traces/. */
const OTLP = /\/v1\/traces\/?$/;

const spotlight = await setupSpotlight({
  port: 0,
  basePath: import.meta.dirname,
  filesToServe: pages(),
  isStandalone: true,
});
if (spotlight === undefined) throw new Error('Spotlight did not start');
const [answer] = /** @type {import('node:http').RequestListener[]} */ (spotlight.listeners('request'));
// It listens for the whole network.
spotlight.close();

const transactions = new Transactions();
const server = createServer((request, response) => {
  if (request.method === 'POST' && OTLP.test(request.url ?? '')) void takeSpans(request, response);
  else answer?.(request, response);
});
const [port, host = 'localhost'] = process.argv.slice(2);
server.listen(Number(port), host, () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`listening on port ${port}`);
});

// Spotlight's own handlers close the server that it no longer has.
process.on('SIGTERM', () => process.exit());

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function takeSpans(request, response) {
  if (!request.headers['content-type']?.startsWith('application/json')) {
    response.writeHead(415).end('Spans are taken as application/json: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json.\n');
    return;
  }
  try {
    for (const transaction of transactions.add(/** @type {any} */ (await json(request)))) await send(transaction);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  } catch (error) {
    response.writeHead(400).end(`${error}\n`);
  }
}

/** @param {import('../dist/spotlight/transactions.js').Transaction} transaction */
async function send(transaction) {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const parts = [{ event_id: transaction.event_id, sent_at: new Date() }, { type: 'transaction' }, transaction];
  await fetch(`http://localhost:${port}/api/1/envelope/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-sentry-envelope' },
    body: parts.map((part) => JSON.stringify(part)).join('\n'),
  });
}

/** What a browser is given, by its path. */
function pages() {
  const ui = new URL('../ui/', import.meta.resolve('@spotlightjs/spotlight'));
  const assets = readdirSync(new URL('assets/', ui)).map((name) => `assets/${name}`);
  return Object.fromEntries(['index.html', ...assets].map((path) => [path, readFileSync(new URL(path, ui))]));
}
