import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { Differences } from './support/differences.ts';
import type { Program } from './support/program.ts';
import { type RawConnection, rawConnection } from './support/raw-connection.ts';
import { describeSpanDifferential } from './support/span-differential.ts';

const SERVER = 2;

const servers = new Differences(
  'Spans of HTTP servers',
  ['http'],
  [
    'Names of requests with an unknown method',
    'A handler throws',
    'The client goes away, or the service resets the connection',
    'HTTP/2',
  ],
);

const get = (path: string, init?: RequestInit) => async (program: Program) =>
  (await fetch(`${program.url}${path}`, init)).text();

/** Traffic over a connection of its own, which is cut then. */
const raw =
  (server: number, work: (client: RawConnection) => Promise<unknown>) =>
  async ({ urls }: Program) => {
    const client = await rawConnection(urls[server] ?? '');
    await work(client);
    await client.destroy();
  };
const exchange = (head: string, received: RegExp, server = 0) =>
  raw(server, (client) => {
    client.send(head);
    return client.received(received);
  });

describeSpanDifferential(
  'servers of node:http, node:https and node:http2',
  servers,
  { program: 'differential-http-server.cjs', only: ({ kind }) => kind === SERVER },
  ({ same, differs }) => {
    same('GET', get('/ok'));
    same('a query, without its secrets', get('/ok?x=1&sig=secret&X-Goog-Signature=secret'));
    same('POST with a body', get('/body', { method: 'POST', body: 'x' }));
    same('QUERY', exchange('QUERY /ok', /ok$/));
    same('a method that the service overrides', get('/override', { method: 'POST' }));
    same('201', get('/created'));
    same('404', get('/nothing'));
    same('503', get('/broken'));
    same('https', exchange('GET /ok', /ok$/, 1));
    same(
      'behind a proxy',
      get('/ok', {
        headers: {
          'x-forwarded-for': '10.1.1.1, 10.2.2.2',
          'x-forwarded-host': 'shop.test',
          'x-forwarded-proto': 'https',
        },
      }),
    );
    same('behind a proxy, as RFC 7239 has it', get('/ok', { headers: { forwarded: 'for=192.0.2.60;host=shop.test' } }));
    same('in a trace', get('/ok', { headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } }));

    differs('Names of requests with an unknown method', 'PROPFIND', exchange('PROPFIND /ok', /ok$/), {
      upstream: ['name=PROPFIND'],
      ours: ['name=HTTP'],
    });
    differs('A handler throws', 'and the service answers 500', get('/throws'), {
      upstream: ['error.type=Error', 'status=2 thrown'],
      ours: ['error.type=500', 'http.response.status_code=500', 'status=2'],
    });
    differs(
      'The client goes away, or the service resets the connection',
      'in the middle of the answer',
      exchange('GET /stream', /beginning/),
      { upstream: ['status=0'], ours: ['error.type=aborted', 'status=2'] },
    );
    differs(
      'The client goes away, or the service resets the connection',
      'reset before the answer',
      (program) => assert.rejects(get('/reset')(program)),
      { upstream: ['http.response.status_code=200', 'status=0'], ours: ['error.type=aborted', 'status=2'] },
    );
    differs(
      'HTTP/2',
      'GET',
      async ({ urls }) => {
        const session = connect(urls[3] ?? '');
        await text(session.request({ ':path': '/ok' }));
        session.close();
      },
      {
        upstream: [],
        ours: [
          ...['name=GET', 'kind=2', 'status=0', 'http.request.method=GET', 'http.response.status_code=200'],
          ...['url.path=/ok', 'url.scheme=http', 'network.protocol.version=2', 'server.address=127.0.0.1'],
          ...['server.port=PORT', 'client.address=127.0.0.1', 'network.peer.address=127.0.0.1'],
        ],
      },
    );
  },
);
servers.defineTableTest();
