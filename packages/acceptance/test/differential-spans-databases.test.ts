import { after, before } from 'node:test';
import { freePort, type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import { Differences } from './support/differences.ts';
import type { ReceivedSpan } from './support/otlp-messages.ts';
import type { Program } from './support/program.ts';
import { describeSpanDifferential } from './support/span-differential.ts';

const folder = throwAwayFolder();
const [postgresPort, redisPort] = [await freePort(), await freePort()];
let postgres: Postgres;
let redis: Redis;
before(async () => {
  postgres = await startPostgres({ dataDir: `${folder.path}/postgres`, throwAway: true, port: postgresPort });
  redis = await startRedis({ dataDir: `${folder.path}/redis`, throwAway: true, port: redisPort });
});
after(async () => {
  await postgres?.stop();
  await redis?.stop();
  folder.remove();
});

const step = (name: string) => (program: Program) => program.step(name);
const of =
  (library: string) =>
  ({ scope }: ReceivedSpan) =>
    scope.endsWith(`-${library}`);

const queries = new Differences(
  'Spans of PostgreSQL',
  ['pg'],
  [
    'Names, operations and tables',
    'Literals in texts',
    'Errors',
    "Parents of a pool's queries",
    'Settings of pools',
    'Prepared statements',
    'Query objects, cursors and streams',
    'Queries to a client that has ended',
  ],
);

describeSpanDifferential(
  'pg',
  queries,
  {
    program: 'pg-statements.cjs',
    env: () => ({ DATABASE_URL: postgres.url('postgres') }),
    only: (span) => of('pg')(span) && span.name !== 'pg.connect',
    throughout: {
      'Names, operations and tables': (lines) =>
        lines.flatMap((line) => {
          const operation = /^name=pg\.query:([A-Z]+) postgres$/.exec(line)?.[1];
          if (operation === undefined) return line;
          return [`name=${operation}`, `db.operation.name=${operation}`, `db.query.summary=${operation}`];
        }),
      'Literals in texts': (lines) =>
        lines.map((line) => (/^db\.query\.text=[^$]*$/.test(line) ? line.replace(/\b\d+(?:\.\d+)?\b/g, '?') : line)),
      'Settings of pools': (lines) => lines.filter((line) => !line.startsWith('db.postgresql.idle.timeout.millis=')),
    },
  },
  ({ same, differs }) => {
    for (const name of ['promise', 'callback', 'config', 'configWithCallback', 'parametersByPromise', 'semicolon'])
      same(name, step(name));
    same('asked at once', step('queued'), 3);

    differs(
      "Parents of a pool's queries",
      'by promise',
      step('poolByPromise'),
      {
        upstream: ['parent=pg-pool.connect'],
        ours: [],
      },
      2,
    );
    differs(
      'Names, operations and tables',
      'a transaction',
      step('transaction'),
      {
        upstream: ['CREATE', 'DELETE', 'INSERT', 'UPDATE'].flatMap((name) => [
          `db.query.summary=${name}`,
          `name=${name}`,
        ]),
        ours: ['CREATE', 'DELETE', 'INSERT', 'UPDATE'].flatMap((name) => [
          ...[`db.query.summary=${name} items`, `name=${name} items`, 'db.collection.name=items'],
        ]),
      },
      6,
    );
    for (const [name, message, ...type] of [
      ['failingPromise', 'division by zero', 'error.type=22012', 'db.response.status_code=22012'],
      ['failingCallback', 'division by zero', 'error.type=22012', 'db.response.status_code=22012'],
      ['queryTimeout', 'Query read timeout', 'error.type=timeout'],
      ['cut', 'Connection terminated unexpectedly', 'error.type=connection_closed'],
    ] as const) {
      differs('Errors', name, step(name), {
        upstream: [`status=2 ${message}`, 'event=exception exception.message'],
        ours: ['status=2', ...type],
      });
    }
    differs(
      'Prepared statements',
      'twice',
      step('named'),
      {
        upstream: [
          'db.postgresql.plan=n',
          'db.postgresql.plan=n',
          'name=pg.query:n postgres',
          'name=pg.query:n postgres',
        ],
        ours: [1, 2].flatMap(() => ['name=SELECT', 'db.operation.name=SELECT', 'db.query.summary=SELECT']),
      },
      2,
    );
    differs('Query objects, cursors and streams', 'an object', step('object'), {
      upstream: [],
      ours: [
        ...['name=SELECT', 'kind=3', 'status=0', 'db.system.name=postgresql', 'db.namespace=postgres'],
        ...['db.operation.name=SELECT', 'db.query.summary=SELECT', 'db.query.text=select ?'],
        ...['server.address=127.0.0.1', `server.port=${postgresPort}`],
      ],
    });
    differs(
      'Queries to a client that has ended',
      'by callback',
      step('ended'),
      {
        upstream: [
          ...['name=SELECT', 'kind=3', 'status=2 Client was closed and is not queryable', 'db.system.name=postgresql'],
          ...['db.namespace=postgres', 'db.operation.name=SELECT', 'db.query.summary=SELECT', 'db.query.text=select ?'],
          ...['server.address=127.0.0.1', `server.port=${postgresPort}`, 'event=exception exception.message'],
        ],
        ours: [],
      },
      0,
    );
  },
);
queries.defineTableTest();

const commands = new Differences(
  'Spans of Redis: ioredis',
  ['http', 'ioredis'],
  [
    '`db.namespace`',
    'Names of commands',
    'Keys and scripts in `db.query.text`',
    'Errors',
    'Pipelines and transactions',
    'Commands that go nowhere',
  ],
);

describeSpanDifferential(
  'ioredis',
  commands,
  {
    program: 'redis-spans.cjs',
    args: ['ioredis'],
    env: () => ({ REDIS_URL: redis.url }),
    only: of('ioredis'),
    throughout: {
      '`db.namespace`': (lines, { attributes }) => [
        ...lines,
        `db.namespace=${attributes['db.query.text'] === 'get x' && attributes['server.port'] !== 1 ? 3 : 0}`,
      ],
      'Names of commands': (lines) =>
        lines.map((line) =>
          line.replace(
            /^(name=|db\.operation\.name=(?:PIPELINE |MULTI )?|db\.query\.text=)([a-z]+)/,
            (_, start, name) => start + name.toUpperCase(),
          ),
        ),
      Errors: (lines) =>
        lines.flatMap((line) => {
          if (line.startsWith('event=exception ')) return [];
          const type = /^status=2 ([A-Z]+) /.exec(line)?.[1];
          return type === undefined ? line : ['status=2', `error.type=${type}`, `db.response.status_code=${type}`];
        }),
    },
  },
  ({ same, differs }) => {
    for (const name of ['get', 'set', 'other']) same(name, step(name));

    differs('Keys and scripts in `db.query.text`', 'MGET', step('mget'), {
      upstream: ['db.query.text=MGET [2 other arguments]'],
      ours: ['db.query.text=MGET a b'],
    });
    differs(
      'Keys and scripts in `db.query.text`',
      'EVAL, and errors of the server',
      step('errors'),
      {
        upstream: ["db.query.text=EVAL return redis.error_reply('MINE ' .. ARGV[1]) 0 secret"],
        ours: ['db.query.text=EVAL [3 other arguments]'],
      },
      4,
    );
    differs('Pipelines and transactions', 'one command in a pipeline', step('one'), {
      upstream: ['name=GET'],
      ours: ['name=PIPELINE GET'],
    });
    const alike = ['kind=3', 'status=0', 'db.system.name=redis', 'db.namespace=0'];
    const server = ['server.address=127.0.0.1', `server.port=${redisPort}`];
    differs('Pipelines and transactions', 'a transaction', step('multi'), {
      upstream: [
        ...['name=EXEC', 'db.operation.name=EXEC', 'db.query.text=EXEC'],
        ...['name=GET', 'db.operation.name=MULTI GET', 'db.query.text=GET a', ...alike, ...server],
        ...['name=MULTI', 'db.operation.name=MULTI', 'db.query.text=MULTI', ...alike, ...server],
        ...['name=SET', 'db.operation.name=MULTI SET', 'db.query.text=SET a [1 other arguments]', ...alike, ...server],
      ],
      ours: [
        ...['name=MULTI', 'db.operation.name=MULTI', 'db.query.text=SET a [1 other arguments]; GET a'],
        'db.operation.batch.size=2',
      ],
    });
    const get = ['name=GET', 'db.operation.name=GET', 'db.query.text=GET x'];
    differs('Commands that go nowhere', 'a server that is not there', step('away'), {
      upstream: [
        ...['name=CONNECT', 'db.query.text=CONNECT', 'status=0'],
        ...[...get, 'status=2 Connection is closed.', 'kind=3', 'db.system.name=redis', 'db.namespace=0'],
        ...['server.address=localhost', 'server.port=1'],
      ],
      ours: [...get, 'status=2', 'error.type=connection_closed'],
    });
  },
);
commands.defineTableTest();
