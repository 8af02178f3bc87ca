'use strict';
const pg = require('./libraries.cjs')('pg').native;
const { connectionString, withClient } = require('./pg-clients.cjs')(pg);
const { outcome, serveSteps } = require('./steps.cjs');

const pool = new pg.Pool({ connectionString, max: 2 });

serveSteps({
  ways: () =>
    withClient(async (client) => [
      (await pool.query('select 1')).rowCount,
      (await client.query('select $1::int', [1])).rowCount,
      await new Promise((resolve) => client.query('select 1', (_, { rowCount }) => resolve(rowCount))),
      await new Promise((resolve) => client.query(new pg.Query('select 1')).on('end', () => resolve('ended'))),
      (await client.query({ name: 'named', text: 'select $1::int', values: [1] })).rowCount,
      (await client.query({ name: 'named', text: 'select $1::int', values: [2] })).rowCount,
      (await Promise.all([client.query('select 1'), client.query('select 2')])).length,
    ]),

  errors: () =>
    withClient(async (client) => [
      await outcome(client.query('select 1/0')),
      await outcome(client.query({ name: 'no', text: 'selec' })),
      await outcome(client.query('select 1', 'no list')),
      await outcome(client.query({ text: 'select pg_sleep(0.2)', query_timeout: 10 })),
    ]),

  killed: () =>
    withClient(async (client) => {
      const { rows } = await client.query('select pg_backend_pid() as pid');
      const waiting = outcome(client.query('select pg_sleep(60)'));
      // Of a query that has not come to the server when it ends the connection, libpq may never hear.
      const asked = `select from pg_stat_activity where pid = ${rows[0].pid} and state = 'active'`;
      const poll = 'perform pg_stat_clear_snapshot(), pg_sleep(0.01)';
      await pool.query(`do $$ begin while not exists (${asked}) loop ${poll}; end loop; end $$`);
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
      return waiting;
    }),

  pipelined: () =>
    withClient(
      (client) =>
        Promise.all(
          ['select 1', 'select 1/0', 'insert into nowhere values (1)', 'select 2'].map((text) =>
            outcome(client.query(text).then(({ rowCount }) => rowCount)),
          ),
        ),
      { pipeline: true },
    ),

  async pool() {
    await Promise.all(Array.from({ length: 10 }, () => pool.query('select 1')));
    return [pool.totalCount, pool.idleCount];
  },
});
