import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { Differences } from './support/differences.ts';
import { describeDifferential } from './support/differential.ts';
import { nodeMajor, type Program } from './support/program.ts';
import { type RawConnection, rawConnection } from './support/raw-connection.ts';

const differences = new Differences(
  'HTTP servers',
  ['http'],
  [
    'The client goes away before the head of the answer',
    'The client goes away in the middle of the answer',
    'The client goes away while it sends the body',
    'The client goes away while its pipelined requests wait',
    'The server gives up waiting for a body (408)',
    'The service resets the connection',
    'A handler throws, or a response emits an error',
    'Upgrades',
    'CONNECT',
    '`Expect`, answered by a listener of its own',
    'HTTP/2',
  ],
);

const [CLEAR, SECURE, IMPATIENT, HTTP2] = [0, 1, 2, 3] as const;

/** Traffic over a connection that sends just what is written. */
const raw =
  (work: (client: RawConnection) => Promise<unknown>, server: number = CLEAR) =>
  async (program: Program) => {
    const client = await rawConnection(program.urls[server] ?? '');
    await work(client);
    await client.destroy();
  };

/** Requests in one piece, and the last that is received of their answers. */
const exchange = (heads: string[], received: string | RegExp, server: number = CLEAR) =>
  raw(async (client) => {
    client.send(...heads);
    await client.received(received);
  }, server);

const get = (path: string, init?: RequestInit) => async (program: Program) =>
  (await fetch(`${program.url}${path}`, init)).text();

const failing = (path: string) => (program: Program) => assert.rejects(get(path)(program));

const overHttp2 = async (program: Program) => {
  const session = connect(program.urls[HTTP2] ?? '');
  await text(session.request({ ':path': '/ok' }));
  session.close();
};

describeDifferential(
  'node:http, node:https and node:http2',
  differences,
  {
    program: 'differential-http-server.cjs',
    metric: 'http_server_request_duration_seconds',
    labels: [
      'url_scheme',
      'network_protocol_version',
      'http_request_method',
      'http_response_status_code',
      'error_type',
    ],
  },
  ({ same, differs }) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      same(method, get('/ok', { method }), { [`http 1.1 ${method} 200 –`]: 1 });
    }
    same('HEAD', get('/ok', { method: 'HEAD' }), { 'http 1.1 HEAD 200 –': 1 });
    same('QUERY', exchange(['QUERY /ok'], /ok$/), { 'http 1.1 QUERY 200 –': 1 });
    same('a method that nobody has registered', exchange(['PROPFIND /ok'], /ok$/), { 'http 1.1 _OTHER 200 –': 1 });
    same('a method that the service overrides', get('/override', { method: 'POST' }), { 'http 1.1 POST 200 –': 1 });
    same('a query', get('/ok?x=1'), { 'http 1.1 GET 404 –': 1 });
    same('201', get('/created'), { 'http 1.1 GET 201 –': 1 });
    same('304', get('/unchanged'), { 'http 1.1 GET 304 –': 1 });
    same('404', get('/nothing'), { 'http 1.1 GET 404 –': 1 });
    same('503', get('/broken'), { 'http 1.1 GET 503 503': 1 });
    same('a handler that throws, and the service answers 500', get('/throws'), { 'http 1.1 GET 500 500': 1 });
    same('a body', get('/body', { method: 'POST', body: 'x'.repeat(100_000) }), { 'http 1.1 POST 200 –': 1 });
    same(
      'HTTP/1.0',
      raw(async (client) => {
        client.socket.write('GET /ok HTTP/1.0\r\n\r\n');
        await client.received(/ok$/);
      }),
      { 'http 1.0 GET 200 –': 1 },
    );
    same('https', exchange(['GET /ok', 'GET /nothing'], '404', SECURE), {
      'https 1.1 GET 200 –': 1,
      'https 1.1 GET 404 –': 1,
    });
    same(
      'keep-alive',
      raw(async (client) => {
        client.send('GET /ok');
        await client.received('200');
        client.send('GET /created');
        await client.received('201');
        client.send('GET /broken');
        await client.received('503');
      }),
      { 'http 1.1 GET 200 –': 1, 'http 1.1 GET 201 –': 1, 'http 1.1 GET 503 503': 1 },
    );
    same('pipelining', exchange(['GET /ok', 'HEAD /ok', 'GET /nothing', 'GET /created'], '201'), {
      'http 1.1 GET 200 –': 1,
      'http 1.1 HEAD 200 –': 1,
      'http 1.1 GET 404 –': 1,
      'http 1.1 GET 201 –': 1,
    });
    same('103 before the answer', exchange(['GET /early-hints'], /ok$/), { 'http 1.1 GET 200 –': 1 });
    same(
      '100-continue',
      raw(async (client) => {
        client.send('POST /body\nExpect: 100-continue\nContent-Length: 2');
        await client.received('100 Continue');
        client.socket.write('{}');
        await client.received(/read$/);
      }),
      { 'http 1.1 POST 200 –': 1 },
    );
    same(
      'what is no HTTP (400 of the parser)',
      raw(async (client) => {
        client.socket.write('FOO / HTTP/1.1\r\n\r\n');
        await client.received('400 Bad Request');
      }),
      {},
    );
    same(
      'a head that does not come (408)',
      raw(async (client) => {
        client.socket.write('GET / HTTP/1.1\r\n');
        await client.received('408');
      }, IMPATIENT),
      {},
    );

    differs(
      'The client goes away before the head of the answer',
      raw(async (client) => {
        client.send('GET /hold');
      }),
      {
        upstream: { 'http 1.1 GET 200 –': 1 },
        ours: { 'http 1.1 GET – aborted': 1 },
      },
    );
    differs('The client goes away in the middle of the answer', exchange(['GET /stream'], 'the beginning'), {
      upstream: { 'http 1.1 GET 200 –': 1 },
      ours: { 'http 1.1 GET 200 aborted': 1 },
    });
    differs(
      'The client goes away while it sends the body',
      raw(async (client) => {
        client.send('POST /body\nContent-Length: 100');
        client.socket.write('some');
      }),
      {
        upstream: { 'http 1.1 POST 200 –': 1 },
        ours: { 'http 1.1 POST – aborted': 1 },
      },
    );
    differs(
      'The client goes away while its pipelined requests wait',
      exchange(['GET /ok', 'GET /hold', 'GET /created'], 'ok'),
      {
        // Node.js tells of the end of those that wait since version 24.
        upstream: { 'http 1.1 GET 200 –': 2, ...(nodeMajor >= 24 && { 'http 1.1 GET 201 –': 1 }) },
        ours: { 'http 1.1 GET 200 –': 1, 'http 1.1 GET – aborted': 2 },
      },
    );
    differs(
      'The server gives up waiting for a body (408)',
      exchange(['POST /body\nContent-Length: 100'], '408', IMPATIENT),
      {
        upstream: { 'http 1.1 POST 200 –': 1 },
        ours: { 'http 1.1 POST – aborted': 1 },
      },
    );
    differs('The service resets the connection', failing('/reset'), {
      upstream: { 'http 1.1 GET 200 –': 1 },
      ours: { 'http 1.1 GET – aborted': 1 },
    });
    const alsoFailing = async (program: Program) => {
      await failing('/throws-and-is-reset')(program);
      await get('/written-after-the-end')(program);
    };
    // After the one above, whose answer was 500.
    differs('A handler throws, or a response emits an error', alsoFailing, {
      upstream: { 'http 1.1 GET 500 500': 2 },
      ours: { 'http 1.1 GET – aborted': 1, 'http 1.1 GET 200 –': 1 },
    });
    differs('Upgrades', exchange(['GET / \nConnection: upgrade\nUpgrade: test'], '101'), {
      upstream: {},
      ours: { 'http 1.1 GET 101 –': 1 },
    });
    differs('CONNECT', exchange(['CONNECT somewhere:80'], '200'), {
      upstream: {},
      ours: { 'http 1.1 CONNECT 200 –': 1 },
    });
    differs(
      '`Expect`, answered by a listener of its own',
      exchange(['POST /body\nExpect: 100-continue\nContent-Length: 2'], '413', IMPATIENT),
      { upstream: {}, ours: { 'http 1.1 POST 413 –': 1 } },
    );
    differs('HTTP/2', overHttp2, { upstream: {}, ours: { 'http 2 GET 200 –': 1 } });
  },
);

differences.defineTableTest();
