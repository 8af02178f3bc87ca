'use strict';
const { createServer } = require('node:net');
const { setImmediate } = require('node:timers/promises');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const OwnPool = libraries('pg-pool');

const connectionString = process.env.DATABASE_URL;
const max = 5;
const taken = [];

/** The server may go away while a connection is idle. */
const quiet = (owned) => owned.on('error', () => {});
const named = (name) => quiet(new pg.Pool({ connectionString: connectionString.replace(/\w+$/, name) }));

const pool = quiet(new pg.Pool({ connectionString, max }));
const other = quiet(new pg.Pool({ connectionString, max: 3 }));

/** A database that lets everybody in and answers nothing. */
const silent = createServer((socket) => sockets.push(socket));
const sockets = [];
let lost;
let waiting;

const counts = ({ totalCount, idleCount, waitingCount }) => ({ totalCount, idleCount, waitingCount });

serveSteps({
  /** Takes all clients of the first pool and asks for more than it has; one of the second. */
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
  async timeouts() {
    const small = new pg.Pool({ connectionString, max: 1 });
    const client = await small.connect();
    small.options.connectionTimeoutMillis = 20;
    const outcomes = [
      await outcome(small.connect()),
      await outcome(small.query('select 1')),
      await new Promise((resolve) => small.connect((error) => resolve(error.message))),
    ];
    client.release();
    const later = await small.connect();
    later.release();
    await small.end();
    return outcomes;
  },

  /** Also the first connection of a pool may time out. */
  async connectTimeout() {
    const { port } = silent.address();
    const late = new pg.Pool({ host: '127.0.0.1', port, database: 'late', connectionTimeoutMillis: 20 });
    return [await outcome(late.connect()), port];
  },

  async grow() {
    pool.options.max = 7;
  },

  async connectedTwice() {
    const twice = named('twice');
    const clients = await Promise.all([twice.connect(), twice.connect()]);
    for (const client of clients) client.release();
    for (let i = 0; i < 3; i++) await twice.query('select 1');
    const error = new Error('not to be used again');
    await new Promise((resolve) => {
      twice.once('remove', resolve);
      twice.connect().then((client) => client.release(error));
    });
    await twice.query('select 1');
  },

  /** Pools of classes of the service. */
  async subclasses() {
    class Mine extends pg.Pool {
      connect(...args) {
        return super.connect(...args);
      }
    }
    class Theirs extends OwnPool {}
    const options = { connectionString: connectionString.replace(/\w+$/, 'subclassed') };
    for (const owned of [new Mine(options), new Theirs({ ...options, Client: pg.Client })].map(quiet)) {
      await owned.query('select 1');
      (await owned.connect()).release();
    }
  },

  async endedAtOnce() {
    const brief = named('brief');
    await brief.query('select 1');
    await brief.end();
    return outcome(brief.connect());
  },

  async startedAgain() {
    const again = named('brief');
    await again.query('select 1');
  },

  lose() {
    lost = new pg.Pool({ host: '127.0.0.1', port: silent.address().port, database: 'lost', max: 2 });
    waiting = Array.from({ length: 5 }, () => outcome(lost.query('select 1')));
    return silent.address().port;
  },

  async find() {
    for (;;) {
      for (const socket of sockets.splice(0)) socket.destroy();
      const outcomes = await Promise.race([Promise.all(waiting), setImmediate()]);
      if (outcomes) return outcomes;
    }
  },

  query: () => outcome(pool.query('select 1').then(({ rowCount }) => rowCount)),
});

silent.listen(0, '127.0.0.1');
