import { after } from 'node:test';
import { freePort } from '@payments/local-stack';
import { Differences } from './support/differences.ts';
import { startHttpTarget } from './support/http-target.ts';
import type { Program } from './support/program.ts';
import { describeSpanDifferential } from './support/span-differential.ts';

const CLIENT = 3;

const target = await startHttpTarget();
const refused = `http://127.0.0.1:${await freePort()}`;
after(() => target.stop());
const env = () => ({ SERVER: target.url, SECURE_SERVER: target.secureUrl, REFUSED: refused });
const step = (name: string) => (program: Program) => program.step(name);
const only = ({ kind }: { kind: number }) => kind === CLIENT;

const clients = new Differences(
  'Spans of HTTP clients: node:http and node:https',
  ['http'],
  [
    'Names of requests with an unknown method',
    '`error.type` of requests that fail by themselves',
    '`error.type` of requests that the service gives up',
    'The server or the service goes away in the middle of the answer',
    'Upgrades and CONNECT',
    'Requests that are given up with `abort()` at once',
  ],
);

describeSpanDifferential(
  'clients of node:http and node:https',
  clients,
  { program: 'http-client.cjs', env, only },
  ({ same, differs }) => {
    for (const name of ['ok', 'post', 'head', 'missing', 'broken', 'unchanged', 'hints', 'stream'])
      same(name, step(`http:${name}`));
    same('three at once', step('http:three'), 3);
    same('one after the other over one connection', step('oneConnection'), 3);
    same('https', step('secure'));
    same('without an agent', step('withoutAgent'));
    same('a response that nobody reads', step('ignored'));

    differs('Names of requests with an unknown method', 'PROPFIND', step('http:odd'), {
      upstream: ['name=PROPFIND'],
      ours: ['name=HTTP'],
    });
    for (const [name, code] of [
      ['refused', 'ECONNREFUSED'],
      ['nowhere', 'ENOTFOUND'],
      ['cut', 'ECONNRESET'],
      ['garbage', 'HPE_INVALID_CONSTANT'],
    ] as const) {
      differs('`error.type` of requests that fail by themselves', name, step(`http:${name}`), {
        upstream: ['error.type=Error'],
        ours: [`error.type=${code}`],
      });
    }
    for (const [name, type] of [
      ['timeout', 'timeout'],
      ['endless', 'aborted'],
    ] as const) {
      differs('`error.type` of requests that the service gives up', name, step(`http:${name}`), {
        upstream: ['error.type=AbortError'],
        ours: [`error.type=${type}`],
      });
    }
    differs('The server or the service goes away in the middle of the answer', 'the server', step('http:half'), {
      upstream: ['status=0'],
      ours: ['error.type=ECONNRESET', 'status=2'],
    });
    differs(
      'The server or the service goes away in the middle of the answer',
      'the service',
      step('destroyedInTheBody'),
      {
        upstream: ['status=0'],
        ours: ['error.type=aborted', 'status=2'],
      },
    );
    differs('Upgrades and CONNECT', 'an upgrade', step('upgrade'), {
      upstream: [],
      ours: ['http.response.status_code=101', 'network.protocol.version=1.1'],
    });
    differs('Upgrades and CONNECT', 'a tunnel', step('tunnel'), {
      upstream: [`url.full=${target.url}somewhere:80`],
      ours: ['http.response.status_code=200', 'network.protocol.version=1.1', 'url.full=somewhere:80'],
    });
    differs('Requests that are given up with `abort()` at once', 'abort()', step('abortedAtOnce'), {
      upstream: [],
      ours: [
        ...['name=GET', 'kind=3', 'status=2', 'error.type=aborted', 'http.request.method=GET'],
        ...[`url.full=${target.url}/ok`, 'server.address=127.0.0.1', `server.port=${new URL(target.url).port}`],
      ],
    });
  },
);
clients.defineTableTest();

const fetches = new Differences(
  'Spans of HTTP clients: fetch and undici',
  ['undici'],
  [
    '`http.request.method_original` of methods that everybody knows',
    '`url.query` of URLs without one',
    '`network.protocol.version` of requests without an answer',
    'Requests whose time runs out',
    'Requests that the service gives up in the middle of the answer',
    'CONNECT and upgrades',
  ],
);

describeSpanDifferential(
  'fetch and undici',
  fetches,
  {
    program: 'http-client.cjs',
    env,
    only,
    throughout: {
      '`http.request.method_original` of methods that everybody knows': (lines, { attributes }) =>
        lines.filter((line) => line !== `http.request.method_original=${attributes['http.request.method']}`),
      '`url.query` of URLs without one': (lines) => lines.filter((line) => line !== 'url.query='),
    },
  },
  ({ same, differs }) => {
    for (const client of ['fetch', 'undici']) {
      for (const name of ['ok', 'post', 'odd', 'head', 'missing', 'broken', 'unchanged', 'hints', 'stream', 'half'])
        same(`${client}: ${name}`, step(`${client}:${name}`));
      same(`${client}: three at once`, step(`${client}:three`), 3);
      for (const name of ['refused', 'nowhere']) same(`${client}: ${name}`, step(`${client}:${name}`));

      for (const name of ['cut', 'reset', 'garbage']) {
        differs(
          '`network.protocol.version` of requests without an answer',
          `${client}: ${name}`,
          step(`${client}:${name}`),
          { upstream: ['network.protocol.version=1.1'], ours: [] },
        );
      }
      differs('Requests whose time runs out', client, step(`${client}:timeout`), {
        upstream: ['error.type=23', 'network.protocol.version=1.1'],
        ours: ['error.type=timeout'],
      });
      differs('Requests that the service gives up in the middle of the answer', client, step(`${client}:endless`), {
        upstream: ['status=0'],
        ours: [
          'error.type=aborted',
          'event=exception exception.message,exception.stacktrace,exception.type',
          `status=2 ${client === 'fetch' ? 'This operation was aborted' : 'Request aborted'}`,
        ],
      });
    }
    same('the hops of a redirect', step('redirected'), 2);
    for (const [name, method, path, status] of [
      ['undiciUpgrade', 'GET', '/upgrade', 101],
      ['undiciTunnel', 'CONNECT', '/somewhere:80', 200],
    ] as const) {
      const { port } = new URL(target.url);
      differs('CONNECT and upgrades', name, step(name), {
        upstream: [],
        ours: [
          ...[`name=${method}`, 'kind=3', 'status=0', `http.request.method=${method}`, `url.path=${path}`],
          ...[`url.full=${target.url}${path}`, 'url.scheme=http', 'server.address=127.0.0.1', `server.port=${port}`],
          ...['network.peer.address=127.0.0.1', `network.peer.port=${port}`, 'network.protocol.version=1.1'],
          `http.response.status_code=${status}`,
        ],
      });
    }
  },
);
fetches.defineTableTest();
