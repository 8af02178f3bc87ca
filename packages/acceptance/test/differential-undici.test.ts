import { after } from 'node:test';
import { freePort } from '@payments/local-stack';
import { Differences } from './support/differences.ts';
import { describeDifferential } from './support/differential.ts';
import { startHttpTarget } from './support/http-target.ts';
import type { Program } from './support/program.ts';

const differences = new Differences(
  'HTTP clients: fetch and undici',
  ['undici'],
  [
    'Requests that the service gives up',
    'Requests whose time runs out',
    '`network.protocol.version` of requests without an answer',
    'CONNECT',
    'IPv6 addresses',
    'Methods in small letters',
  ],
);

const target = await startHttpTarget();
const refusedPort = String(await freePort());
after(() => target.stop());

const { port } = new URL(target.url);
const step = (name: string) => (program: Program) => program.step(name);
/** A series of requests to the test's server. */
const to = (end: string) => `${end} http 127.0.0.1 ${port}`;

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

for (const { client, libraries } of [
  { client: 'fetch', libraries: 'current' },
  { client: 'undici', libraries: 'current' },
  { client: 'undici', libraries: 'oldest' },
]) {
  describeDifferential(
    `${client} (${libraries})`,
    differences,
    {
      program: 'http-client.cjs',
      env: () => ({ SERVER: target.url, REFUSED: `http://127.0.0.1:${refusedPort}`, LIBRARIES: libraries }),
      ...duration,
    },
    ({ same, differs }) => {
      for (const name of ['ok', 'hints', 'stream']) {
        same(name, step(`${client}:${name}`), { [to('GET 200 – 1.1')]: 1 });
      }
      same('three at once', step(`${client}:three`), { [to('GET 200 – 1.1')]: 3 });
      same('POST with a body', step(`${client}:post`), { [to('POST 200 – 1.1')]: 1 });
      same('HEAD', step(`${client}:head`), { [to('HEAD 200 – 1.1')]: 1 });
      same('a method that nobody has registered', step(`${client}:odd`), { [to('_OTHER 200 – 1.1')]: 1 });
      same('304', step(`${client}:unchanged`), { [to('GET 304 – 1.1')]: 1 });
      same('404', step(`${client}:missing`), { [to('GET 404 404 1.1')]: 1 });
      same('503', step(`${client}:broken`), { [to('GET 503 503 1.1')]: 1 });
      same('a refused connection', step(`${client}:refused`), {
        [`GET – ECONNREFUSED – http 127.0.0.1 ${refusedPort}`]: 1,
      });
      same('a name that nobody has', step(`${client}:nowhere`), { 'GET – ENOTFOUND – http nowhere.invalid 80': 1 });
      same('a server that goes away in the middle of its answer', step(`${client}:half`), {
        [to('GET 200 UND_ERR_SOCKET 1.1')]: 1,
      });
      if (client === 'fetch') {
        same('each hop of a redirect', step('redirected'), { [to('GET 302 – 1.1')]: 1, [to('GET 200 – 1.1')]: 1 });
      } else {
        same('an upgrade', step('undiciUpgrade'), { [to('GET 101 – 1.1')]: 1 });
        differs('CONNECT', step('undiciTunnel'), { upstream: {}, ours: { [to('CONNECT 200 – 1.1')]: 1 } });
      }
      differs('Requests that the service gives up', step(`${client}:endless`), {
        upstream: { [to('GET 200 – 1.1')]: 1 },
        ours: { [to('GET 200 aborted 1.1')]: 1 },
      });
      differs('Requests whose time runs out', step(`${client}:timeout`), {
        upstream: { [to('GET – 23 1.1')]: 1 },
        ours: { [to('GET – timeout –')]: 1 },
      });
      differs('`network.protocol.version` of requests without an answer', step(`${client}:reset`), {
        upstream: { [to('GET – ECONNRESET 1.1')]: 1 },
        ours: { [to('GET – ECONNRESET –')]: 1 },
      });
    },
  );
}

describeDifferential(
  'fetch and undici, by the ways to ask',
  differences,
  { program: 'differential-http-targets.cjs', env: () => ({ SERVER: target.url }), ...duration },
  ({ same, differs }) => {
    same('the default ports', steps(['undiciDefaultPort', 'undiciSecureDefaultPort']), {
      'GET 200 – 1.1 http default-port.test 80': 1,
      'GET 200 – 1.1 https default-port.test 443': 1,
    });
    differs('IPv6 addresses', step('undiciIpv6'), {
      upstream: { 'GET 200 – 1.1 http [::1] 8080': 1 },
      ours: { 'GET 200 – 1.1 http ::1 8080': 1 },
    });
    differs('Methods in small letters', steps(['fetchLowerCase', 'undiciLowerCase']), {
      upstream: { [to('PATCH 400 400 1.1')]: 1, [to('POST 400 400 1.1')]: 1 },
      ours: { [to('_OTHER 400 400 1.1')]: 2 },
    });
  },
);

differences.defineTableTest();

function steps(names: string[]) {
  return async (program: Program) => {
    for (const name of names) await program.step(name);
  };
}
