'use strict';
const { get } = require('node:http');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const { connectionString, withClient } = require('./pg-clients.cjs')(pg);
const native = process.env.LIBRARIES === 'native';
const Cursor = native ? undefined : libraries('pg-cursor');
const QueryStream = native ? undefined : libraries('pg-query-stream');

const TABLE = 'create table if not exists orders (id int primary key, name text)';
const pool = new pg.Pool({ connectionString, max: 5 });
const small = new pg.Pool({ connectionString, max: 1 });
const watched = new pg.Pool({ connectionString, max: 1 });
const impatient = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 1000 });
const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1, database: 'none' });

/** A request of its own, whose span shows what is active where it is made. */
const mark = (name) =>
  new Promise((resolve) =>
    get(`${process.env.TARGET_URL}/${name}`, { agent: false }, (response) => response.resume().on('end', resolve)),
  );

/** A connection that one request holds and another one gives back. */
let held;

// No request's: a job of the service.
setTimeout(() => pool.query('select 1 from pg_class limit 1'), 0);

serveSteps({
  prepare: () => pool.query(TABLE).then(() => null),
  parameters: () => pool.query("select name from orders where id = $1 and name <> 'none'", [7]),
  literals: () => pool.query("/* for anna */ select name from orders where id = 7 and name = 'secret'"),
  join: () => pool.query('select * from orders join orders as o using (id)'),
  ways: () =>
    withClient(async (client) => {
      await client.query({ name: 'named', text: 'select 1 from orders where id = $1', values: [1] });
      if (!native) await client.query({ name: 'named', values: [2] });
      await new Promise((resolve) => client.query(new pg.Query('select 2 from orders')).on('end', resolve));
      await client.query("select 1; update orders set name = 'x' where id = 1");
      await client.query('');
    }),

  transaction: async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('insert into orders values (1) on conflict do nothing');
    await client.query('COMMIT');
    client.release();
  },

  cursor: () =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor('select $1::int from generate_series(1, 10)', [1]));
      while ((await cursor.read(4)).length > 0);
      await cursor.close();
    }),
  stream: () =>
    withClient(async (client) => {
      let rows = 0;
      for await (const _ of client.query(new QueryStream('select * from orders, generate_series(1, 10)', []))) rows++;
      return rows;
    }),

  errors: () =>
    withClient(async (client) => [
      await outcome(client.query("select 'secret'::int")),
      await outcome(client.query('select * from nothing')),
      await outcome(client.query('select $1::int', ['secret'])),
    ]),
  queryTimeout: () => withClient((client) => outcome(client.query('select pg_sleep(0.1)')), { query_timeout: 10 }),
  cannotConnect: () => outcome(nowhere.query('select 1')),

  /** Callbacks are called where a socket is read that another request may have opened. */
  callbacks: () =>
    new Promise((resolve, reject) => {
      pool.connect((failure, client, release) => {
        if (failure) return reject(failure);
        client.query('select 1 from orders', async () => {
          await mark('after-success');
          client.query('select nothing from orders', async () => {
            await mark('after-failure');
            release();
            resolve();
          });
        });
      });
    }),
  connectByCallback: () =>
    new Promise((resolve) => {
      const client = new pg.Client({ connectionString });
      client.connect(() => mark('connected').then(() => client.end(resolve)));
    }),

  async hold() {
    held = await small.connect();
  },
  wait: () =>
    new Promise((resolve) => {
      small.connect((_, client, release) => {
        client.query('select 2 from orders', () => mark('waited').then(release).then(resolve));
      });
    }),
  waitForPromise: async () => {
    const { rowCount } = await small.query('select 3 from orders');
    await mark('promised');
    return rowCount;
  },
  waiting: () => small.waitingCount,
  giveBack: () => held.release(),
  /** What a pool tells its listeners is told in the middle of a query. */
  watched: async () => {
    await watched.query('select 4 from orders');
    const told = new Promise((resolve) => watched.once('acquire', () => mark('acquired').then(resolve)));
    await Promise.all([watched.query('select 5 from orders'), told]);
  },
  async waitInVain() {
    const client = await impatient.connect();
    const given = await outcome(impatient.query('select 1'));
    client.release();
    return given;
  },

  parallel: () => Promise.all([1, 2, 3].map((n) => pool.query('select $1::int from orders', [n]))),
});
