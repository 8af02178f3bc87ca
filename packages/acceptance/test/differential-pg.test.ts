import { after, before } from 'node:test';
import { freePort, type Postgres, startPostgres, throwAwayFolder } from '@payments/local-stack';
import { Differences } from './support/differences.ts';
import { describeDifferential } from './support/differential.ts';
import type { Values } from './support/metrics-page.ts';
import type { Program } from './support/program.ts';

const differences = new Differences(
  'PostgreSQL',
  ['pg'],
  [
    'Queries that fail by promise',
    'Errors without a code',
    'Texts that begin with no word of SQL',
    'Signs around the first word',
    'Prepared statements asked by name alone',
    'Query objects, cursors and streams',
    'Connections that are given back',
    'Requests that wait for a connection',
    'Several pools on one database',
    'Pools made from a connection string',
    'Pools that have ended',
    'Limits that change',
  ],
);

const folder = throwAwayFolder();
const port = await freePort();
let server: Postgres;
before(async () => {
  server = await startPostgres({ dataDir: folder.path, throwAway: true, port });
});
after(async () => {
  await server?.stop();
  folder.remove();
});

/** Takes the steps one after the other. */
const steps =
  (...names: string[]) =>
  async (program: Program) => {
    for (const name of names) await program.step(name);
  };

/** `{ 'SELECT –': 1 }` under the labels that say where it was asked. */
const operations = (counts: Values): Values =>
  Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [`postgresql postgres 127.0.0.1 ${port} ${key}`, count]),
  );

for (const [libraries, version] of [
  ['current', 'pg 8.23'],
  ['oldest', 'pg 8.7'],
] as const) {
  describeDifferential(
    `${version}, db.client.operation.duration`,
    differences,
    {
      program: 'pg-statements.cjs',
      env: () => ({ DATABASE_URL: server.url('postgres'), LIBRARIES: libraries }),
      metric: 'db_client_operation_duration_seconds',
      labels: ['db_system_name', 'db_namespace', 'server_address', 'server_port', 'db_operation_name', 'error_type'],
    },
    (cases) => {
      const same = (name: string, steps_: string[], counts: Values) =>
        cases.same(name, steps(...steps_), operations(counts));
      const differs = (
        what: Parameters<typeof cases.differs>[0],
        steps_: string[],
        counts: { upstream: Values; ours: Values },
      ) =>
        cases.differs(what, steps(...steps_), {
          upstream: operations(counts.upstream),
          ours: operations(counts.ours),
        });

      same('by promise, callback and configuration', ['promise', 'callback', 'config', 'configWithCallback'], {
        'SELECT –': 4,
      });
      same('with parameters', ['parametersByPromise', 'parametersByCallback'], { 'SELECT –': 2 });
      same('prepared under a name', ['named'], { 'SELECT –': 2 });
      same('of a pool', ['poolByPromise', 'poolByCallback'], { 'SELECT –': 2 });
      same('asked at once', ['queued'], { 'SELECT –': 3 });
      same('several statements in one text', ['several', 'semicolon'], { 'SELECT –': 2 });
      same('a transaction', ['transaction'], {
        ...{ 'BEGIN –': 1, 'CREATE –': 1, 'INSERT –': 1, 'UPDATE –': 1, 'DELETE –': 1, 'COMMIT –': 1 },
      });
      same('a transaction that is rolled back', ['rollback'], {
        ...{ 'BEGIN –': 1, 'CREATE –': 1, 'INSERT –': 1, 'ROLLBACK –': 1 },
      });
      same('a common table expression', ['withClause'], { 'WITH –': 1 });
      same('errors of the server, by callback and of a pool', ['failingCallback', 'failingPoolPromise', 'duplicate'], {
        ...{ 'SELECT 22012': 2, 'CREATE –': 1, 'INSERT 23505': 1 },
      });
      same('a timeout of the server', ['statementTimeout'], { 'SELECT 57014': 1 });
      same('a connection that the server ends', ['killed'], { 'SELECT –': 1, 'SELECT 57P01': 1 });
      same('a server that cannot be reached', ['unreachable'], {});

      differs('Queries that fail by promise', ['failingPromise'], {
        upstream: { 'SELECT –': 1 },
        ours: { 'SELECT 22012': 1 },
      });
      differs('Errors without a code', ['queryTimeout', 'cut', 'ended', 'unreadableRow'], {
        upstream: { 'SELECT –': 4 },
        ours: { 'SELECT timeout': 1, 'SELECT connection_closed': 2, 'SELECT RangeError': 1 },
      });
      differs('Texts that begin with no word of SQL', ['noStatement', 'empty'], {
        upstream: { 'SELEC 42601': 1, '– –': 1 },
        ours: { '_OTHER 42601': 1, '_OTHER –': 1 },
      });
      differs('Signs around the first word', ['comment', 'lines', 'brackets'], {
        upstream: { '/* –': 1, 'SELECT\n –': 1, '(SELECT –': 1 },
        ours: { 'SELECT –': 3 },
      });
      differs('Prepared statements asked by name alone', ['nameAlone'], {
        upstream: { 'SELECT –': 1, '– –': 1 },
        ours: { 'SELECT –': 2 },
      });
      differs('Query objects, cursors and streams', ['object', 'cursor', 'stream'], {
        upstream: {},
        ours: { 'SELECT –': 3 },
      });
    },
  );
}

const pool = `127.0.0.1:${port}/postgres`;
const comparison = (metric: string, libraries = 'current') => ({
  program: 'pg-pool-states.cjs',
  env: () => ({ DATABASE_URL: server.url('postgres'), LIBRARIES: libraries }),
  metric,
  labels: ['db_client_connection_pool_name', 'db_client_connection_state'],
});

describeDifferential(
  'db.client.connection.count',
  differences,
  comparison('db_client_connection_count'),
  ({ same, differs }) => {
    same('taken', steps('open', 'take', 'take'), { [`${pool} used`]: 2 });
    differs('Connections that are given back', steps('giveBack'), {
      upstream: { [`${pool} idle`]: 1, [`${pool} used`]: -1 },
      ours: { [`${pool} idle`]: 2, [`${pool} used`]: -2 },
    });
    // Upstream takes the second pool's one used connection for the one of the first that it still holds used.
    differs('Several pools on one database', steps('open', 'take'), {
      upstream: { [`${pool} idle`]: -1 },
      ours: { [`${pool}#2 used`]: 1 },
    });
  },
);

describeDifferential(
  'pg-pool 3.5, db.client.connection.count',
  differences,
  comparison('db_client_connection_count', 'oldest'),
  ({ same, differs }) => {
    same('taken', steps('open', 'take', 'take'), { [`${pool} used`]: 2 });
    differs('Connections that are given back', steps('giveBack'), {
      upstream: {},
      ours: { [`${pool} idle`]: 2, [`${pool} used`]: -2 },
    });
  },
);

describeDifferential(
  'db.client.connection.pending_requests',
  differences,
  comparison('db_client_connection_pending_requests'),
  ({ same, differs }) => {
    same('nobody waits', steps('open', 'take', 'take'), {});
    differs('Requests that wait for a connection', steps('ask'), {
      upstream: {},
      ours: { [`${pool} –`]: 2 },
    });
    differs('Requests that wait for a connection', steps('giveToThoseWhoWait'), {
      upstream: {},
      ours: { [`${pool} –`]: -2 },
    });
    same('given up after a timeout', steps('giveUp'), {});
  },
);

describeDifferential(
  'db.client.connection.max',
  differences,
  comparison('db_client_connection_max'),
  ({ same, differs }) => {
    same('one pool', steps('open', 'take', 'giveBack'), { [`${pool} –`]: 2 });
    differs('Limits that change', steps('grow'), { upstream: {}, ours: { [`${pool} –`]: 5 } });
    differs('Several pools on one database', steps('open', 'take', 'giveBack'), {
      upstream: { [`${pool} –`]: 2 },
      ours: { [`${pool}#2 –`]: 2 },
    });
    differs('Pools made from a connection string', steps('openWithConnectionString', 'take', 'giveBack'), {
      upstream: { 'unknown_host:unknown_port/unknown_database –': 4 },
      ours: { [`${pool}#3 –`]: 4 },
    });
    // The series of ours is gone from the page.
    differs('Pools that have ended', steps('end'), {
      upstream: { 'unknown_host:unknown_port/unknown_database –': -4 },
      ours: {},
    });
  },
);

differences.defineTableTest();
