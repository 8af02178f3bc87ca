import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Postgres, startPostgres, throwAwayFolder } from '@payments/local-stack';
import { whyNoPgNative } from './support/pg-native.ts';
import { startTraced, type TracedProgram } from './support/traced-program.ts';
import { until } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const folder = throwAwayFolder();
let postgres: Postgres;
let target: Upstream;
before(async () => {
  postgres = await startPostgres({ dataDir: `${folder.path}/postgres`, throwAway: true });
  await postgres.createDatabases(['shop']);
  target = await startUpstream();
});
after(async () => {
  await target?.stop();
  await postgres?.stop();
  folder.remove();
});

const start = (libraries: string, env: Record<string, string> = {}) =>
  startTraced('pg-spans.cjs', {
    env: { DATABASE_URL: postgres.url('shop'), TARGET_URL: target.url, LIBRARIES: libraries, ...env },
  });

const skipNative = await whyNoPgNative();

for (const [libraries, name, skip] of [
  ['current', 'pg 8.23', false],
  ['oldest', 'pg 8.7', false],
  ['native', 'pg 8.23 over libpq', skipNative],
] as const) {
  const isNative = libraries === 'native';
  describe(name, { skip }, () => {
    let traced: TracedProgram;
    before(async () => {
      traced = await start(libraries);
      await traced.program.step('prepare');
    });
    after(() => traced?.stop());

    const where = () => ({
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'server.address': '127.0.0.1',
      'server.port': postgres.port,
    });

    test('a query says what it does and where; its parameters are not told', async () => {
      const { outline, span } = await traced.trace('parameters');
      assert.deepEqual(outline, ['SELECT orders', 'pg-pool.connect']);
      const { kind, attributes, status, events, scope } = span('SELECT orders');
      assert.deepEqual(attributes, {
        ...where(),
        'db.operation.name': 'SELECT',
        'db.collection.name': 'orders',
        'db.query.summary': 'SELECT orders',
        'db.query.text': "select name from orders where id = $1 and name <> 'none'",
      });
      assert.deepEqual(
        { kind, status, events, scope },
        {
          kind: 3,
          status: { code: 0, message: '' },
          events: [],
          scope: '@otel-register/probe-pg',
        },
      );
      assert.deepEqual(span('pg-pool.connect').attributes, where());
    });

    test('of a text without parameters, literals and comments are not told', async () => {
      const { attributes } = (await traced.trace('literals')).span('SELECT orders');
      assert.equal(attributes['db.query.text'], 'select name from orders where id = ? and name = ?');
    });

    test('a query on several tables names them all', async () => {
      const { attributes } = (await traced.trace('join')).span('SELECT orders orders');
      assert.equal(attributes['db.collection.name'], 'orders');
    });

    test('each query has one span, whichever way it is asked', async () => {
      const { outline, spans } = await traced.trace('ways');
      const expected = [
        'SELECT UPDATE orders',
        'SELECT orders',
        'SELECT orders',
        'SELECT orders',
        'pg.connect',
        'shop',
      ];
      if (isNative) expected.splice(1, 1);
      assert.deepEqual(outline, expected);
      const texts = spans.map(({ attributes }) => attributes['db.query.text']).sort();
      // The second time it is asked by its name alone.
      const prepared = texts.filter((text) => text === 'select 1 from orders where id = $1');
      assert.equal(prepared.length, isNative ? 1 : 2);
      assert.ok(texts.includes('select ?; update orders set name = ? where id = ?'));
    });

    test('a transaction is the queries that it has', async () => {
      const { outline } = await traced.trace('transaction');
      assert.deepEqual(outline, ['BEGIN', 'COMMIT', 'INSERT orders', 'pg-pool.connect']);
    });

    test('a query that fails says its SQLSTATE, and nothing that the server says beside that', async () => {
      const { outline, spans } = await traced.trace('errors');
      assert.deepEqual(outline, ['SELECT ! 22P02', 'SELECT ! 22P02', 'SELECT nothing ! 42P01', 'pg.connect']);
      const failed = spans.filter(({ status }) => status.code === 2);
      for (const { attributes } of failed)
        assert.equal(attributes['db.response.status_code'], attributes['error.type']);
      assert.doesNotMatch(JSON.stringify(spans), /secret/);
    });

    test('a query that pg gives up says so, and has no status of the server', async () => {
      const { attributes } = (await traced.trace('queryTimeout')).span('SELECT');
      assert.equal(attributes['error.type'], 'timeout');
      assert.equal(attributes['db.response.status_code'], undefined);
    });

    test('a connection that cannot be made fails with those who wait for it', async () => {
      const { outline, spans } = await traced.trace('cannotConnect');
      assert.deepEqual(outline, ['pg-pool.connect ! ECONNREFUSED', '  pg.connect ! ECONNREFUSED']);
      for (const { attributes } of spans) {
        assert.equal(attributes['server.port'], 1);
        assert.equal(attributes['db.response.status_code'], undefined);
      }
    });

    test('what a callback does belongs to who gave the callback, whoever opened the connection', async () => {
      for (let round = 1; round <= 2; round++) {
        const { outline, spans } = await traced.trace('callbacks');
        assert.deepEqual(outline, ['GET', 'GET', 'SELECT orders', 'SELECT orders ! 42703', 'pg-pool.connect']);
        const urls = spans.map(({ attributes }) => attributes['url.full']).filter(Boolean);
        assert.deepEqual(urls, [`${target.url}/after-success`, `${target.url}/after-failure`]);
      }
      assert.deepEqual((await traced.trace('connectByCallback')).outline, ['GET', 'pg.connect']);
    });

    test('who waits for the connection of another request goes on in its own', async () => {
      const holder = await traced.trace('hold');
      assert.deepEqual(holder.outline, ['pg-pool.connect', '  pg.connect']);
      const waiting = traced.trace('wait');
      await until('a query that waits', async () => (await traced.program.step('waiting')) === 1);
      const giver = await traced.trace('giveBack');
      assert.deepEqual((await waiting).outline, ['GET', 'SELECT orders', 'pg-pool.connect']);
      assert.deepEqual(giver.outline, []);
      assert.equal(traced.spansOf(holder.id).length, 3);
    });

    test('so does a promise, and what a pool tells its listeners meanwhile', async () => {
      await traced.trace('hold');
      const waiting = [traced.trace('waitForPromise'), traced.trace('waitForPromise')];
      await until('queries that wait', async () => (await traced.program.step('waiting')) === 2);
      assert.deepEqual((await traced.trace('giveBack')).outline, []);
      for (const { outline } of await Promise.all(waiting))
        assert.deepEqual(outline, ['GET', 'SELECT orders', 'pg-pool.connect']);
      const { outline } = await traced.trace('watched');
      assert.deepEqual(outline, [
        'GET',
        'SELECT orders',
        'SELECT orders',
        'pg-pool.connect',
        '  pg.connect',
        'pg-pool.connect',
      ]);
    });

    test('who waits for a connection in vain has waited for a timeout', async () => {
      const { outline } = await traced.trace('waitInVain');
      assert.deepEqual(outline, ['pg-pool.connect', '  pg.connect', 'pg-pool.connect ! timeout']);
    });

    test('a hundred requests at once have each their own queries', async () => {
      const traces = await Promise.all(Array.from({ length: 100 }, () => traced.trace('parallel')));
      for (const { spans, request } of traces) {
        const queries = spans.filter(({ name }) => name === 'SELECT orders');
        assert.deepEqual(
          queries.map(({ parentSpanId }) => parentSpanId),
          Array(3).fill(request.spanId),
        );
      }
    });

    test('the queries of a request that is not sampled have no spans', async () => {
      for (const step of ['parameters', 'errors', 'callbacks']) {
        const { id } = await traced.takeUnsampled(step);
        await traced.trace('parameters');
        assert.deepEqual(traced.spansOf(id), []);
      }
    });

    test("a query that is no request's is the root of a trace", async () => {
      const root = () =>
        traced.collector.spans.find(({ name, parentSpanId }) => name === 'SELECT pg_class' && !parentSpanId);
      await until('the span of the query in the background', async () => root() !== undefined);
    });

    if (isNative) return;

    test('a cursor or a stream is one query, until it is read to its end', async () => {
      const { span } = await traced.trace('cursor');
      assert.equal(span('SELECT').attributes['db.query.text'], 'select $1::int from generate_series(1, 10)');
      assert.deepEqual((await traced.trace('stream')).outline, ['SELECT orders', 'pg.connect']);
    });
  });
}

test('without spans, nothing of a query is other than before', async () => {
  const traced = await start('current', { OTEL_TRACES_EXPORTER: 'none' });
  try {
    for (const step of ['prepare', 'parameters', 'errors', 'callbacks']) await traced.takeUnsampled(step);
    assert.deepEqual(traced.collector.requests, []);
    assert.equal(traced.program.stderr().split('\n').filter(Boolean).length, 1);
  } finally {
    await traced.stop();
  }
});
