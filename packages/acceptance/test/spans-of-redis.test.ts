import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Redis, startRedis, throwAwayFolder } from '@payments/local-stack';
import { REDIS_LIBRARIES, SETS } from './support/each-redis.ts';
import { startTraced, type TracedProgram } from './support/traced-program.ts';

const folder = throwAwayFolder();
let redis: Redis;
before(async () => {
  redis = await startRedis({ dataDir: `${folder.path}/redis`, throwAway: true });
});
after(async () => {
  await redis?.stop();
  folder.remove();
});

for (const library of ['ioredis', 'redis'] as const) {
  for (const libraries of SETS) {
    describe(REDIS_LIBRARIES[library][libraries], () => {
      let traced: TracedProgram;
      before(async () => {
        traced = await startTraced('redis-spans.cjs', {
          args: [library],
          env: { REDIS_URL: redis.url, LIBRARIES: libraries },
        });
      });
      after(() => traced?.stop());

      const where = () => ({
        'db.system.name': 'redis',
        'db.namespace': '0',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(redis.url).port),
      });
      /** Before version 5, node-redis sends the commands of a pipeline as any others. */
      const hasPipelines = library === 'ioredis' || libraries !== 'oldest';

      test('a command says what it is, where it goes and what it reads', async () => {
        const { outline, span } = await traced.trace('get');
        assert.deepEqual(outline, ['GET']);
        const { kind, attributes, status, events, scope } = span('GET');
        assert.deepEqual(attributes, { ...where(), 'db.operation.name': 'GET', 'db.query.text': 'GET session:1' });
        assert.deepEqual(
          { kind, status, events, scope },
          {
            kind: 3,
            status: { code: 0, message: '' },
            events: [],
            scope: `@otel-register/probe-${library}`,
          },
        );
      });

      test('keys are told, and values are not', async () => {
        const text = async (step: string, name: string) =>
          (await traced.trace(step)).span(name).attributes['db.query.text'];
        assert.equal(await text('set', 'SET'), 'SET session:1 [3 other arguments]');
        assert.equal(await text('mget', 'MGET'), 'MGET a b');
      });

      test('the database is the one that the connection is on', async () => {
        assert.equal((await traced.trace('other')).span('GET').attributes['db.namespace'], '3');
      });

      test('a command that fails says the prefix of the reply, and nothing that the server says beside that', async () => {
        const { outline, spans } = await traced.trace('errors');
        assert.deepEqual(outline, ['EVAL ! MINE', 'INCR ! ERR', 'NOSUCH ! ERR', 'SET']);
        for (const { attributes } of spans)
          assert.equal(attributes['db.response.status_code'], attributes['error.type']);
        assert.doesNotMatch(JSON.stringify(spans), /secret/);
      });

      test('a command that cannot be sent has no status of the server', async () => {
        const { spans, result } = await traced.trace('away');
        assert.ok(result.message);
        assert.equal(spans.length, 1);
        assert.equal(spans[0]?.attributes['error.type'], 'connection_closed');
        assert.equal(spans[0]?.attributes['db.response.status_code'], undefined);
      });

      test('a transaction is one span that says what is in it', async () => {
        const { outline, span } = await traced.trace('multi');
        assert.deepEqual(outline, ['MULTI']);
        assert.deepEqual(span('MULTI').attributes, {
          ...where(),
          'db.operation.name': 'MULTI',
          'db.operation.batch.size': 2,
          'db.query.text': 'SET a [1 other arguments]; GET a',
        });
      });

      test('a transaction fails with the first of its commands', async () => {
        assert.deepEqual((await traced.trace('multiFails')).outline, ['MULTI ! ERR']);
        const { outline } = await traced.trace('multiAborted');
        assert.deepEqual(outline, ['MULTI SET ! ERR']);
      });

      test('a pipeline is one span that says what is in it', { skip: !hasPipelines }, async () => {
        const { outline, span } = await traced.trace('sameInPipeline');
        assert.deepEqual(outline, ['PIPELINE SET']);
        assert.deepEqual(span('PIPELINE SET').attributes, {
          ...where(),
          'db.operation.name': 'PIPELINE SET',
          'db.operation.batch.size': 2,
          'db.query.text': 'SET a [1 other arguments]; SET b [1 other arguments]',
        });
        assert.deepEqual((await traced.trace('pipeline')).outline, ['PIPELINE ! ERR']);
        const { attributes } = (await traced.trace('one')).span('PIPELINE GET');
        assert.equal(attributes['db.operation.batch.size'], undefined);
      });

      test('of a long pipeline the beginning is told', { skip: !hasPipelines }, async () => {
        const { attributes } = (await traced.trace('long')).span('PIPELINE GET');
        assert.equal(attributes['db.operation.batch.size'], 50);
        assert.match(
          String(attributes['db.query.text']),
          /^GET key:0; GET key:1; .*; GET key:19; \[30 other commands\]$/,
        );
      });

      test('what is published and subscribed to says its channel', async () => {
        const { outline, span, result } = await traced.trace('subscribe');
        assert.equal(result, true);
        assert.deepEqual(outline, ['PUBLISH', 'SUBSCRIBE']);
        assert.equal(span('PUBLISH').attributes['db.query.text'], 'PUBLISH news [1 other arguments]');
      });

      test('a hundred requests at once have each their own commands', async () => {
        const pipeline = hasPipelines ? ['PIPELINE GET'] : ['GET', 'GET'];
        const traces = await Promise.all(Array.from({ length: 100 }, () => traced.trace('parallel')));
        for (const { outline } of traces) assert.deepEqual(outline, ['GET', 'GET', ...pipeline]);
      });

      test('the commands of a request that is not sampled have no spans', async () => {
        for (const step of ['get', 'errors', 'pipeline', 'multi']) {
          const { id } = await traced.takeUnsampled(step);
          await traced.trace('get');
          assert.deepEqual(traced.spansOf(id), []);
        }
      });

      test('the library connects without spans', () => {
        const roots = traced.collector.spans.filter(({ parentSpanId }) => parentSpanId === '');
        assert.deepEqual(roots, []);
      });

      if (library === 'redis') return;

      test('commands that ioredis puts together belong each to its own request', async () => {
        const traces = await Promise.all(Array.from({ length: 20 }, () => traced.trace('together')));
        for (const { outline } of traces) assert.deepEqual(outline, ['GET', 'GET']);
      });
    });
  }
}
