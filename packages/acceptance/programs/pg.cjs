'use strict';
const { setImmediate } = require('node:timers/promises');
const pg = require('pg');
const { outcome, serveSteps } = require('./steps.cjs');

const connectionString = process.env.DATABASE_URL;
const max = 5;
const pool = new pg.Pool({ connectionString, max });
const other = new pg.Pool({ connectionString, max: 3 });
const taken = [];

/** A client that goes away after the work. */
async function withClient(options, work) {
  const client = new pg.Client({ connectionString, ...options });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const counts = ({ totalCount, idleCount, waitingCount }) => ({ totalCount, idleCount, waitingCount });

serveSteps({
  /** Every way to ask; each is to be counted once. */
  async ways() {
    const text = 'select 1 as one';
    const byCallback = (...args) => new Promise((resolve) => pool.query(...args, (_, result) => resolve(result)));
    const submitted = (client) =>
      new Promise((resolve) => client.query(new pg.Query(text)).on('end', () => resolve('ended')));
    return withClient({}, async (client) => [
      (await pool.query(text)).rowCount,
      (await pool.query('select $1::int', [1])).rowCount,
      (await pool.query({ text, rowMode: 'array' })).rows,
      (await byCallback(text)).rowCount,
      (await byCallback('select $1::int', [1])).rowCount,
      (await client.query({ name: 'named', text: 'select $1::int as n', values: [1] })).rows,
      (await client.query({ name: 'named', text: 'select $1::int as n', values: [2] })).rows,
      await submitted(client),
      (await client.query('select 1; select 2; select 3')).length,
      (await client.query('')).rowCount,
    ]);
  },

  async transaction() {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('create temp table t (id int primary key)');
    await client.query('insert into t values (1)');
    await client.query('/* mine */ update t set id = 2');
    await client.query('  -- a comment\n delete from t');
    await client.query('(select 1) union (select 2)');
    await client.query('with x as (select 1) select * from x');
    await client.query('ROLLBACK');
    client.release();
  },

  async errors() {
    return withClient({}, async (client) => [
      await outcome(client.query('select 1/0')),
      await outcome(client.query('selec')),
      await outcome(client.query('create temp table u (id int primary key); insert into u values (1), (1)')),
      await outcome(client.query({ text: 7 })),
      await outcome(
        client.query('select $1::int', [
          {
            toPostgres() {
              throw new TypeError('no value');
            },
          },
        ]),
      ),
      await outcome(client.query({ text: 'select 1', types: { getTypeParser: () => () => assertNever() } })),
      await outcome(client.query('select 1')),
    ]);
  },

  /** The server ends the connection in the middle of a query. */
  killed: () =>
    withClient({}, async (client) => {
      const waiting = outcome(client.query('select pg_sleep(60)'));
      const ended = new Promise((resolve) => client.once('end', resolve));
      await pool.query('select pg_terminate_backend($1)', [client.processID]);
      await ended;
      return [await waiting, await outcome(client.query('select 1'))];
    }),

  /** The connection goes without a word. */
  cut: () =>
    withClient({}, async (client) => {
      const waiting = outcome(client.query('select pg_sleep(60)'));
      client.connection.stream.destroy();
      return waiting;
    }),

  statementTimeout: () =>
    withClient({ statement_timeout: 10 }, (client) => outcome(client.query('select pg_sleep(60)'))),

  /** pg gives the query up, and the server answers it all the same. */
  queryTimeout: () =>
    withClient({}, async (client) => {
      const given = await outcome(client.query({ text: 'select pg_sleep(0.2)', query_timeout: 10 }));
      await client.query('select 1');
      return given;
    }),

  /** Takes two clients of the first pool and asks for more than it has; one of the second. */
  async take() {
    for (let i = 0; i < max; i++) taken.push(await pool.connect());
    pool.connect().then((client) => taken.push(client));
    pool.connect((_, client) => taken.push(client));
    taken.push(await other.connect());
  },

  counts: () => [counts(pool), counts(other)],

  async giveBack() {
    while (taken.length > 0) {
      taken.pop().release();
      // Whoever waited for it may take it only now.
      await setImmediate();
    }
  },

  async burst() {
    await Promise.all(Array.from({ length: 50 }, () => pool.query('select 1')));
  },

  /** The pool is full, and no connection comes. */
  async poolTimeouts() {
    const small = new pg.Pool({ connectionString, max: 1 });
    const client = await small.connect();
    small.options.connectionTimeoutMillis = 20;
    const outcomes = [
      await outcome(small.connect()),
      await outcome(small.query('select 1')),
      await new Promise((resolve) => small.connect((error) => resolve(error.message))),
    ];
    client.release();
    await small.end();
    return outcomes;
  },

  /** Nothing ever answers there: also the first connection of a pool may time out. */
  async connectTimeout() {
    const silent = require('node:net').createServer(() => {});
    await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address();
    const lost = new pg.Pool({ host: '127.0.0.1', port, database: 'lost', connectionTimeoutMillis: 20 });
    const given = await outcome(lost.connect());
    silent.close();
    return [given, port];
  },

  async ended() {
    const closed = new pg.Pool({ connectionString });
    await closed.query('select 1');
    await closed.end();
    return outcome(closed.connect());
  },
});

function assertNever() {
  throw new RangeError('no row');
}
