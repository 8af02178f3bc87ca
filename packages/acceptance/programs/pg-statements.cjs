'use strict';
const { once } = require('node:events');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const Cursor = libraries('pg-cursor');
const QueryStream = libraries('pg-query-stream');
const { connectionString, connect, withClient } = require('./pg-clients.cjs')(pg);

const pool = new pg.Pool({ connectionString });
pool.on('error', () => {});

const ask = (statement, values) => withClient((client) => outcome(client.query(statement, values)));

/** The same with a callback. */
const tell = (statement, ...rest) =>
  withClient(
    (client) => new Promise((resolve) => client.query(statement, ...rest, (error) => resolve(error?.message))),
  );

/** Works on a table of the connection's own. */
const withTable = (...statements) =>
  withClient(async (client) => {
    await client.query('create temp table items (id int primary key)');
    for (const statement of statements) await new Promise((resolve) => client.query(statement, () => resolve()));
  });

serveSteps({
  promise: () => ask('select 1'),
  callback: () => tell('select 1'),
  parametersByPromise: () => ask('select $1::int', [1]),
  parametersByCallback: () => tell('select $1::int', [1]),
  config: () => ask({ text: 'select $1::int', values: [1], rowMode: 'array' }),
  configWithCallback: () =>
    withClient((client) => new Promise((callback) => client.query({ text: 'select 1', callback }))),
  named: () =>
    withClient(async (client) => {
      for (const n of [1, 2]) await client.query({ name: 'n', text: 'select $1::int', values: [n] });
    }),
  poolByPromise: () => pool.query('select 1'),
  poolByCallback: () => new Promise((resolve) => pool.query('select 1', (error) => resolve(error?.message))),
  several: () => ask('select 1; select 2'),
  semicolon: () => ask('select;'),
  queued: () => withClient((client) => Promise.all([1, 2, 3].map((n) => client.query('select $1::int', [n])))),
  transaction: () =>
    withTable('begin', 'insert into items values (1)', 'update items set id = 2', 'delete from items', 'COMMIT;'),
  rollback: () => withTable('BEGIN', 'insert into items values (1)', 'ROLLBACK'),
  withClause: () => tell('with x as (select 1) select * from x'),
  failingCallback: () => tell('select 1/0'),
  failingPoolPromise: () => outcome(pool.query('select 1/0')),
  duplicate: () => withTable('insert into items values (1), (1)'),
  statementTimeout: () =>
    withClient((client) => new Promise((resolve) => client.query('select pg_sleep(60)', () => resolve())), {
      statement_timeout: 10,
    }),
  /** The server ends the connection in the middle of a query. */
  async killed() {
    const client = await connect();
    const waiting = new Promise((resolve) => client.query('select pg_sleep(60)', resolve));
    await pool.query('select pg_terminate_backend($1)', [client.processID]);
    return (await waiting).code;
  },
  /** Nobody is asked where nobody can be reached. */
  unreachable: () => outcome(new pg.Pool({ host: '127.0.0.1', port: 1 }).query('select 1')),

  failingPromise: () => ask('select 1/0'),
  queryTimeout: () =>
    withClient(
      (client) => new Promise((resolve) => client.query('select pg_sleep(0.2)', (error) => resolve(error.message))),
      { query_timeout: 10 },
    ),
  async cut() {
    const client = await connect();
    const waiting = new Promise((resolve) => client.query('select pg_sleep(60)', (error) => resolve(error.message)));
    client.connection.stream.destroy();
    return waiting;
  },
  async ended() {
    const client = await connect();
    await client.end();
    return new Promise((resolve) => client.query('select 1', (error) => resolve(error.message)));
  },
  unreadableRow: () =>
    tell({
      text: 'select 1',
      types: {
        getTypeParser: () => () => {
          throw new RangeError('no row');
        },
      },
    }),
  noStatement: () => tell('selec 1'),
  comment: () => tell('/* mine */ select 1'),
  lines: () => tell('select\n  1'),
  brackets: () => tell('(select 1) union (select 2)'),
  empty: () => tell(''),
  nameAlone: () =>
    withClient(async (client) => {
      await client.query({ name: 'known', text: 'select 1' });
      await client.query({ name: 'known' });
    }),
  object: () =>
    withClient(async (client) => {
      await once(client.query(new pg.Query('select 1')), 'end');
    }),
  cursor: () =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor('select * from generate_series(1, 10)'));
      while ((await cursor.read(4)).length > 0);
    }),
  stream: () =>
    withClient(async (client) => {
      for await (const _ of client.query(new QueryStream('select * from generate_series(1, 10)')));
    }),
});
