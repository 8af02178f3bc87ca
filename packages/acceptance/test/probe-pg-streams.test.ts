import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEachPg } from './support/each-pg.ts';

describeEachPg('pg-streams.cjs', (pg) => {
  test('a cursor is one operation, however often it is read', async () => {
    assert.deepEqual(await pg.take('cursorReadToItsEnd'), { result: [4, 4, 2], operations: { 'SELECT –': 1 } });
    assert.deepEqual(await pg.take('cursorClosedEarly'), { result: 4, operations: { 'SELECT –': 1 } });
  });

  test('a cursor that fails on its way is one failed operation', async () => {
    const { result, operations } = await pg.take('cursorThatFails');
    assert.deepEqual([result[0].code, result[1]], ['22012', 1]);
    assert.deepEqual(operations, { 'SELECT 22012': 1, 'SELECT –': 1 });
  });

  test('a cursor that is open is counted when it ends, if only by the end of its connection', async () => {
    assert.deepEqual(await pg.take('cursorOpened'), { result: 4, operations: {} });
    assert.deepEqual(await pg.take('cursorAbandoned'), { result: null, operations: { 'SELECT connection_closed': 1 } });
  });

  test('a stream is one operation: read to its end, destroyed or failing', async () => {
    assert.deepEqual(await pg.take('streamReadToItsEnd'), { result: 10, operations: { 'SELECT –': 1 } });
    assert.deepEqual(await pg.take('streamDestroyed'), { result: 1, operations: { 'SELECT –': 2 } });
    const { result, operations } = await pg.take('streamThatFails');
    assert.equal(result.code, '22012');
    assert.deepEqual(operations, { 'SELECT 22012': 1 });
  });

  test('COPY counts once in both directions, and its failure', async () => {
    const { result, operations } = await pg.take('copied');
    assert.deepEqual([result[0] > 0, result[1].code, result[2]], [true, '22P02', 3]);
    assert.deepEqual(operations, { 'CREATE –': 1, 'COPY –': 2, 'COPY 22P02': 1, 'SELECT –': 1 });
  });

  test('a cursor shows no property of the agent', async () => {
    assert.deepEqual((await pg.take('keysOfACursor')).result, []);
  });

  test('queries that wait for the one before them count once each', async () => {
    assert.deepEqual(await pg.take('queued'), { result: [1, 1, 1], operations: { 'SELECT –': 3 } });
  });

  const skip = pg.libraries === 'oldest' ? 'this pg has no pipeline' : false;
  test('pipelined queries count once each, with their own outcomes', { skip }, async () => {
    assert.deepEqual(await pg.take('pipelined'), {
      result: [1, '22012', '42P01', 1, 2],
      operations: { 'SELECT –': 4, 'SELECT 22012': 1, 'INSERT 42P01': 1 },
    });
  });

  test('a prepared statement that is asked for by its name has the operation of its text', async () => {
    assert.deepEqual(await pg.take('preparedByNameAlone'), { result: 0, operations: { 'UPDATE –': 2 } });
  });

  test('LISTEN, NOTIFY and UNLISTEN are operations, a notification that arrives is none', async () => {
    const operations = { 'LISTEN –': 1, 'NOTIFY –': 1, 'UNLISTEN –': 1 };
    assert.deepEqual(await pg.take('notified'), { result: 'hello', operations });
  });

  test('a query that is cancelled says so', async () => {
    const { result, operations } = await pg.take('cancelled');
    assert.equal(result.code, '57014');
    const { 'SELECT –': looks, ...others } = operations;
    assert.ok(Number(looks) > 0);
    assert.deepEqual(others, { 'CREATE –': 1, 'CALL –': 1, 'SELECT 57014': 1 });
  });
});
