'use strict';
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { setImmediate } = require('node:timers/promises');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const pg = libraries('pg');
const Cursor = libraries('pg-cursor');
const QueryStream = libraries('pg-query-stream');
const copy = libraries('pg-copy-streams');

const { connect, withClient } = require('./pg-clients.cjs')(pg);

const ROWS = 'select * from generate_series(1, 10) as n';
const FAILS = 'select 1 / (3 - n) from generate_series(1, 10) as n';

/** Stays open between two steps. */
let open;

async function drain(stream) {
  const rows = [];
  for await (const row of stream) rows.push(row);
  return rows.length;
}

serveSteps({
  cursorReadToItsEnd: () =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor(ROWS));
      const lengths = [];
      for (let rows = await cursor.read(4); rows.length > 0; rows = await cursor.read(4)) lengths.push(rows.length);
      await cursor.close();
      return lengths;
    }),

  cursorClosedEarly: () =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor('/* some */ select $1::int from generate_series(1, 10)', [1]));
      const rows = await cursor.read(4);
      await cursor.close();
      return rows.length;
    }),

  cursorThatFails: () =>
    withClient(async (client) => {
      const cursor = client.query(new Cursor(FAILS));
      await cursor.read(1);
      const given = await outcome(cursor.read(9));
      return [given, (await client.query('select 1')).rowCount];
    }),

  async cursorOpened() {
    open = await connect();
    const cursor = open.query(new Cursor(ROWS));
    return (await cursor.read(4)).length;
  },

  cursorAbandoned: () => open.end(),

  streamReadToItsEnd: () => withClient((client) => drain(client.query(new QueryStream(ROWS, [], { batchSize: 3 })))),

  streamDestroyed: () =>
    withClient(async (client) => {
      const stream = client.query(new QueryStream(ROWS, [], { batchSize: 3 }));
      await once(stream, 'data');
      stream.destroy();
      await once(stream, 'close');
      return (await client.query('select 1')).rowCount;
    }),

  streamThatFails: () =>
    withClient((client) => outcome(drain(client.query(new QueryStream(FAILS, [], { batchSize: 3 }))))),

  copied: () =>
    withClient(async (client) => {
      await client.query('create temp table copied (n int)');
      await pipeline(Readable.from(['1\n', '2\n', '3\n']), client.query(copy.from('copy copied from stdin')));
      const lines = await drain(client.query(copy.to('copy copied to stdout')));
      const failed = await outcome(
        pipeline(Readable.from(['no number\n']), client.query(copy.from('copy copied from stdin'))),
      );
      return [lines, failed, (await client.query('select * from copied')).rowCount];
    }),

  /** What the service hands over has, for all that it can see, no more properties than before. */
  keysOfACursor: () =>
    withClient(async (client) => {
      const cursor = new Cursor(ROWS);
      const keys = Object.keys(cursor);
      client.query(cursor);
      const added = Object.keys(cursor).filter((key) => !keys.includes(key));
      await cursor.close();
      return added;
    }),

  /** Asked at once, answered one after the other. */
  queued: () =>
    withClient((client) => Promise.all([1, 2, 3].map(() => client.query('select 1').then(({ rowCount }) => rowCount)))),

  async pipelined() {
    const client = await connect({ pipeline: true });
    const asked = ['select 1', 'select 1/0', 'insert into nowhere values (1)', 'select 2'];
    const outcomes = await Promise.all(
      asked.map((text) =>
        client.query(text).then(
          ({ rows }) => rows.length,
          ({ code }) => code,
        ),
      ),
    );
    outcomes.push(
      await Promise.all([1, 2].map(() => client.query({ name: 'named', text: 'select 3' }))).then(
        ({ length }) => length,
      ),
    );
    await client.end();
    return outcomes;
  },

  preparedByNameAlone: () =>
    withClient(async (client) => {
      await client.query({ name: 'known', text: 'update pg_class set relname = relname where false' });
      return (await client.query({ name: 'known' })).rowCount;
    }),

  notified: () =>
    withClient(async (client) => {
      await client.query('listen news');
      const notified = once(client, 'notification');
      await withClient((other) => other.query("notify news, 'hello'"));
      const [{ payload }] = await notified;
      await client.query('unlisten news');
      return payload;
    }),

  cancelled: () =>
    withClient(async (client) => {
      const waiting = outcome(client.query('select pg_sleep(60)'));
      await withClient(async (other) => {
        await other.query(`create or replace procedure off(int) language sql as 'select pg_cancel_backend($1)'`);
        const isActive = "select 1 from pg_stat_activity where pid = $1 and state = 'active'";
        while ((await other.query({ text: isActive, values: [client.processID] })).rowCount === 0) await setImmediate();
        await other.query(`call off(${client.processID})`);
      });
      return waiting;
    }),
});
