'use strict';
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const { connectionString, connect } = require('./pg-clients.cjs')(pg);
let open;

/** Asks one statement after the other on one connection: their outcomes. */
async function ask(...statements) {
  const client = await connect();
  const outcomes = [];
  for (const statement of statements) {
    const { code, value } = await outcome(client.query(statement));
    outcomes.push(code ?? value.command ?? value.length);
  }
  await client.end();
  return outcomes;
}

serveSteps({
  committed: () => ask('BEGIN', 'select 1', 'COMMIT', 'start transaction', 'END'),
  rolledBack: () => ask('begin', 'ROLLBACK', 'begin', 'abort'),
  failed: () => ask('begin', 'select 1/0', 'COMMIT'),
  toASavepoint: () => ask('begin', 'savepoint s', 'select 1/0', 'rollback to s', 'commit'),
  commitThatFails: () =>
    ask(
      'create table deferred (n int unique deferrable initially deferred)',
      'begin',
      'insert into deferred values (1), (1)',
      'commit',
      'select 1',
    ),
  inOneQuery: () => ask('begin; select 1; commit', 'begin; select 1', 'commit'),
  none: () => ask('select 1', 'select 1/0', 'rollback', 'commit'),
  async opened() {
    open = await connect();
    await open.query('begin');
  },
  abandoned: () => open.end(),
  async killed() {
    const client = await connect();
    await client.query('begin');
    const other = await connect();
    const ended = new Promise((resolve) => client.once('end', resolve));
    await other.query(`select pg_terminate_backend(${client.processID})`);
    await Promise.all([other.end(), ended]);
  },
  /** Of a pool: connections are used again. */
  async pooled() {
    const pool = new pg.Pool({ connectionString, max: 2 });
    const one = async (end) => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query(end);
      client.release();
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => one(i % 4 === 0 ? 'rollback' : 'commit')));
    await pool.end();
  },
});
