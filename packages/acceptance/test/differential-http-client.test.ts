import { join } from 'node:path';
import { after } from 'node:test';
import { freePort, throwAwayFolder } from '@payments/local-stack';
import { Differences } from './support/differences.ts';
import { describeDifferential } from './support/differential.ts';
import type { Labels } from './support/differential-sides.ts';
import { startHttpTarget } from './support/http-target.ts';
import type { Program } from './support/program.ts';

const differences = new Differences(
  'HTTP clients: node:http and node:https',
  ['http'],
  [
    '`url.scheme`',
    'Requests that fail by themselves',
    'Requests that the service gives up',
    'Requests that are given up with `abort()` at once',
    'The server goes away in the middle of its answer',
    'Upgrades and CONNECT',
    'IPv6 addresses that are given as `host`',
    'Requests to a Unix socket',
    'Requests made with `new ClientRequest()`',
  ],
);

const target = await startHttpTarget();
const refusedPort = String(await freePort());
const folder = throwAwayFolder();
const socket = join(folder.path, 'socket');
after(async () => {
  await target.stop();
  folder.remove();
});

const { port } = new URL(target.url);
const step = (name: string) => (program: Program) => program.step(name);
/** A series of requests to the test's server. */
const to = (end: string, scheme = 'http') =>
  `${end} ${scheme} 127.0.0.1 ${scheme === 'http' ? port : new URL(target.secureUrl).port}`;

const duration = {
  metric: 'http_client_request_duration_seconds',
  labels: [
    'http_request_method',
    'http_response_status_code',
    'error_type',
    'network_protocol_version',
    'url_scheme',
    'server_address',
    'server_port',
  ],
};

describeDifferential(
  'node:http and node:https',
  differences,
  {
    program: 'http-client.cjs',
    env: () => ({ SERVER: target.url, SECURE_SERVER: target.secureUrl, REFUSED: `http://127.0.0.1:${refusedPort}` }),
    ...duration,
    throughout: { '`url.scheme`': withScheme },
  },
  ({ same, differs }) => {
    const answered = ['ok', 'hints', 'stream'];
    for (const name of answered) same(name, step(`http:${name}`), { [to('GET 200 – 1.1')]: 1 });
    same('three at once', step('http:three'), { [to('GET 200 – 1.1')]: 3 });
    same('one after the other over one connection', step('oneConnection'), { [to('GET 200 – 1.1')]: 3 });
    same('POST with a body', step('http:post'), { [to('POST 200 – 1.1')]: 1 });
    same('HEAD', step('http:head'), { [to('HEAD 200 – 1.1')]: 1 });
    same('a method that nobody has registered', step('http:odd'), { [to('_OTHER 200 – 1.1')]: 1 });
    same('304', step('http:unchanged'), { [to('GET 304 – 1.1')]: 1 });
    same('404', step('http:missing'), { [to('GET 404 404 1.1')]: 1 });
    same('503', step('http:broken'), { [to('GET 503 503 1.1')]: 1 });
    same('https', step('secure'), { [to('GET 200 – 1.1', 'https')]: 1 });
    same('a connection that the service makes', step('withoutAgent'), { [to('GET 200 – 1.1')]: 1 });
    same('an answer that nobody reads', step('ignored'), { [to('GET 200 – 1.1')]: 1 });

    const failing = ['refused', 'nowhere', 'cut', 'reset', 'garbage'].map((name) => `http:${name}`);
    differs('Requests that fail by themselves', steps(failing), {
      upstream: {
        [`GET – Error – http 127.0.0.1 ${refusedPort}`]: 1,
        'GET – Error – http nowhere.invalid 80': 1,
        [to('GET – Error –')]: 3,
      },
      ours: {
        [`GET – ECONNREFUSED – http 127.0.0.1 ${refusedPort}`]: 1,
        'GET – ENOTFOUND – http nowhere.invalid 80': 1,
        [to('GET – ECONNRESET –')]: 2,
        [to('GET – HPE_INVALID_CONSTANT –')]: 1,
      },
    });
    differs(
      'Requests that the service gives up',
      steps(['http:timeout', 'http:endless', 'destroyedAtOnce', 'destroyedInTheBody']),
      {
        upstream: {
          [to('GET – AbortError –')]: 1,
          [to('GET 200 AbortError 1.1')]: 1,
          [to('GET – Error –')]: 1,
          [to('GET 200 – 1.1')]: 1,
        },
        ours: {
          [to('GET – timeout –')]: 1,
          [to('GET 200 aborted 1.1')]: 2,
          [to('GET – aborted –')]: 1,
        },
      },
    );
    differs('Requests that are given up with `abort()` at once', step('abortedAtOnce'), {
      upstream: {},
      ours: { [to('GET – aborted –')]: 1 },
    });
    differs('The server goes away in the middle of its answer', step('http:half'), {
      upstream: { [to('GET 200 – 1.1')]: 1 },
      ours: { [to('GET 200 ECONNRESET 1.1')]: 1 },
    });
    differs('Upgrades and CONNECT', steps(['upgrade', 'tunnel']), {
      upstream: { [to('GET – – –')]: 1, [to('CONNECT – – –')]: 1 },
      ours: { [to('GET 101 – 1.1')]: 1, [to('CONNECT 200 – 1.1')]: 1 },
    });
  },
);

describeDifferential(
  'node:http, by the ways to name a server',
  differences,
  {
    program: 'differential-http-targets.cjs',
    env: () => ({ SERVER: target.url, SOCKET: socket }),
    ...duration,
    throughout: { '`url.scheme`': withScheme },
  },
  ({ same, differs }) => {
    for (const name of ['url', 'options', 'hostOption', 'urlAndOptions']) {
      same(name, step(name), { [to('GET 200 – 1.1')]: 1 });
    }
    same('a method in small letters', step('lowerCase'), { [to('POST 200 – 1.1')]: 1 });
    same('the default port', step('defaultPort'), { 'GET 200 – 1.1 http default-port.test 80': 1 });
    same('no host', step('noHost'), { 'GET 200 – 1.1 http localhost 80': 1 });
    same('a URL with an IPv6 address', step('ipv6'), { 'GET 200 – 1.1 http ::1 8080': 1 });
    differs('IPv6 addresses that are given as `host`', step('ipv6Host'), {
      upstream: { 'GET 200 – 1.1 http localhost 8080': 1 },
      ours: { 'GET 200 – 1.1 http ::1 8080': 1 },
    });
    differs('Requests to a Unix socket', step('unixSocket'), {
      upstream: { 'GET 200 – 1.1 http localhost 80': 1 },
      ours: { [`GET 200 – 1.1 http ${socket} –`]: 1 },
    });
    differs('Requests made with `new ClientRequest()`', step('constructed'), {
      upstream: {},
      ours: { [to('GET 200 – 1.1')]: 1 },
    });
  },
);

differences.defineTableTest();

function steps(names: string[]) {
  return async (program: Program) => {
    for (const name of names) await program.step(name);
  };
}

/** Which upstream does not tell. Only the port of the secure server is one of https. */
function withScheme(labels: Labels): Labels {
  const isSecure = labels.server_port === new URL(target.secureUrl).port;
  return 'url_scheme' in labels ? labels : { ...labels, url_scheme: isSecure ? 'https' : 'http' };
}
