'use strict';
const pg = require('./libraries.cjs')('pg');
const { connectionString, connect, withClient } = require('./pg-clients.cjs')(pg);
const { outcome, serveSteps } = require('./steps.cjs');

const pool = new pg.Pool({ connectionString });
pool.on('error', () => {});

serveSteps({
  /** Every way to ask; each is to be counted once. */
  async ways() {
    const text = 'select 1 as one';
    const byCallback = (...args) => new Promise((resolve) => pool.query(...args, (_, result) => resolve(result)));
    const submitted = (client) =>
      new Promise((resolve) => client.query(new pg.Query(text)).on('end', () => resolve('ended')));
    return withClient(async (client) => [
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
    return withClient(async (client) => [
      await outcome(client.query('select 1/0')),
      await outcome(client.query('selec')),
      await outcome(client.query('create temp table u (id int primary key); insert into u values (1), (1)')),
      await outcome(client.query({ text: 7 })),
      await outcome(client.query({ text: 'select 1', types: { getTypeParser: () => () => assertNever() } })),
      await outcome(client.query('select 1')),
    ]);
  },

  /** pg 8.7 does not answer on such a connection any more. */
  valueThatThrows: () =>
    withClient((client) => {
      const toPostgres = () => {
        throw new TypeError('no value');
      };
      return outcome(client.query('select $1::int', [{ toPostgres }]));
    }),

  /** The server ends the connection in the middle of a query. pg 8.7 never answers to the end of a client that has ended. */
  async killed() {
    const client = await connect();
    const waiting = outcome(client.query('select pg_sleep(60)'));
    const ended = new Promise((resolve) => client.once('end', resolve));
    await pool.query('select pg_terminate_backend($1)', [client.processID]);
    await ended;
    return [await waiting, await outcome(client.query('select 1'))];
  },

  /** The connection goes without a word. */
  async cut() {
    const client = await connect();
    const waiting = outcome(client.query('select pg_sleep(60)'));
    client.connection.stream.destroy();
    return waiting;
  },

  statementTimeout: () =>
    withClient((client) => outcome(client.query('select pg_sleep(60)')), { statement_timeout: 10 }),

  /** pg gives the query up, and the server answers it all the same. */
  queryTimeout: () =>
    withClient(
      async (client) => {
        const given = await outcome(client.query('select pg_sleep(0.2)'));
        client.connectionParameters.query_timeout = 0;
        await client.query('select 1');
        return given;
      },
      { query_timeout: 10 },
    ),

  /** The process of the server that answers the query dies, and the server with it. */
  async crashed() {
    const client = await connect();
    const waiting = outcome(client.query('select pg_sleep(60)'));
    process.kill(client.processID, 'SIGKILL');
    return waiting;
  },
});

function assertNever() {
  throw new RangeError('no row');
}
