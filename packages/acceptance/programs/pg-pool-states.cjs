'use strict';
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const connectionString = process.env.DATABASE_URL;
const { hostname, port, pathname, username, password } = new URL(connectionString);

/** Said piece by piece: the upstream instrumentation does not look into a connection string. */
const options = { host: hostname, port: Number(port), database: pathname.slice(1), user: username, password };
const taken = [];
let pool;
let waiting;

serveSteps({
  open() {
    pool = new pg.Pool({ ...options, max: 2 });
  },
  openWithConnectionString() {
    pool = new pg.Pool({ connectionString, max: 4 });
  },
  async take() {
    taken.push(await pool.connect());
  },
  ask() {
    waiting = Promise.all([pool.connect(), pool.connect()]);
  },
  async giveToThoseWhoWait() {
    for (const client of taken.splice(0)) client.release();
    taken.push(...(await waiting));
  },
  giveBack() {
    for (const client of taken.splice(0)) client.release();
  },
  /** The pool is full. */
  giveUp() {
    pool.options.connectionTimeoutMillis = 20;
    return outcome(pool.connect());
  },
  grow() {
    pool.options.max = 7;
  },
  end: () => pool.end(),
});
