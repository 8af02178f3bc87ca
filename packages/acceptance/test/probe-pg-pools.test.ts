import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { describeEachPg } from './support/each-pg.ts';
import { increase, type MetricsPage, type Values } from './support/metrics-page.ts';
import { until } from './support/until.ts';

const pools = 'db_client_connection';
const ofPools = (page: MetricsPage, metric: string, ...labels: string[]) =>
  page.values(`${pools}_${metric}`, `${pools}_pool_name`, ...labels);

describeEachPg('pg-pools.cjs', (pg) => {
  const name = (database: string) => `127.0.0.1:${pg.server.port}/${database}`;
  before(() => pg.server.createDatabases(['twice', 'subclassed', 'brief']));

  /** Takes a step: what it returned, and what it added to the counts of a metric, by pool. */
  async function take(step: string, ...metrics: string[]) {
    const before = await pg.service.scrape();
    const result = await pg.service.step(step);
    // A pool that has ended is on one page more.
    const page = await pg.service.scrapeNow();
    const added: Record<string, Values> = {};
    for (const metric of metrics) added[metric] = increase(ofPools(before, metric), ofPools(page, metric));
    return { result, added, page };
  }

  test('the gauges of two pools on one database are those that the pools tell', async () => {
    await pg.service.step('take');
    const expected: Values = {};
    const pending: Values = {};
    const own = name(pg.libraries);
    for (const [i, { totalCount, idleCount, waitingCount }] of (await pg.service.step('counts')).entries()) {
      const pool = i === 0 ? own : `${own}#2`;
      expected[`${pool} idle`] = idleCount;
      expected[`${pool} used`] = totalCount - idleCount;
      pending[pool] = waitingCount;
    }
    assert.deepEqual(pending, { [own]: 2, [`${own}#2`]: 0 });
    const page = await pg.service.scrape();
    assert.deepEqual(ofPools(page, 'count', `${pools}_state`), expected);
    assert.deepEqual(ofPools(page, 'pending_requests'), pending);
    assert.deepEqual(ofPools(page, 'max'), { [own]: 5, [`${own}#2`]: 3 });

    const { page: later } = await take('giveBack');
    assert.equal(ofPools(later, 'count', `${pools}_state`)[`${own} used`], 0);
    assert.equal(ofPools(later, 'pending_requests')[own], 0);
  });

  test('a burst of queries between two scrapes is seen in the time that they waited for a connection', async () => {
    const slower = (page: MetricsPage) =>
      ofPools(page, 'wait_time_seconds_bucket', 'le')[`${name(pg.libraries)} 0.0001`] ?? 0;
    const before = slower(await pg.service.scrape());
    const { added, page } = await take('burst', 'wait_time_seconds_count', 'use_time_seconds_count');
    assert.deepEqual(added, {
      wait_time_seconds_count: { [name(pg.libraries)]: 50 },
      use_time_seconds_count: { [name(pg.libraries)]: 50 },
    });
    const fast = slower(page) - before;
    assert.ok(fast < 50, `${fast} of 50 waited for less than 0.1 ms`);
  });

  test('requests for a connection that the pool gave up are counted, also the very first one of a pool', async () => {
    const { result, added } = await take('timeouts', 'timeouts_total', 'wait_time_seconds_count');
    assert.match(result[2], /timeout exceeded when trying to connect/);
    // The pool has ended by now: this was its last time on the page.
    const third = `${name(pg.libraries)}#3`;
    assert.deepEqual(added, { timeouts_total: { [third]: 3 }, wait_time_seconds_count: { [third]: 2 } });

    const { result: late, added: first } = await take('connectTimeout', 'timeouts_total', 'wait_time_seconds_count');
    const [{ message }, port] = late;
    assert.match(message, /timeout/);
    assert.deepEqual(first, { timeouts_total: { [`127.0.0.1:${port}/late`]: 1 }, wait_time_seconds_count: {} });
  });

  test('a pool that may have more connections says so', async () => {
    const { page } = await take('grow');
    assert.equal(ofPools(page, 'max')[name(pg.libraries)], 7);
  });

  test('connections are counted when they are made and when they are given back', async () => {
    const times = ['create_time_seconds_count', 'use_time_seconds_count', 'wait_time_seconds_count'];
    const twice = name('twice');
    assert.deepEqual((await take('connectedTwice', ...times)).added, {
      create_time_seconds_count: { [twice]: 2 },
      use_time_seconds_count: { [twice]: 7 },
      wait_time_seconds_count: { [twice]: 7 },
    });
  });

  test('pools of classes that inherit from the two of pg count once', async () => {
    const { added } = await take('subclasses', 'wait_time_seconds_count', 'create_time_seconds_count');
    const [first, second] = [name('subclassed'), `${name('subclassed')}#2`];
    assert.deepEqual(added, {
      wait_time_seconds_count: { [first]: 2, [second]: 2 },
      create_time_seconds_count: { [first]: 1, [second]: 1 },
    });
  });

  test('a pool that has ended leaves the page after its last numbers, and its name is free again', async () => {
    const brief = name('brief');
    const all = (page: MetricsPage) => page.text.includes(`pool_name="${brief}"`);
    assert.match((await pg.service.step('endedAtOnce')).message, /after calling end/);
    const last = await pg.service.scrapeNow();
    assert.equal(ofPools(last, 'wait_time_seconds_count')[brief], 1);
    assert.equal(ofPools(last, 'max')[brief], undefined);
    assert.equal(all(await pg.service.scrapeNow()), false);

    const { page } = await take('startedAgain');
    assert.deepEqual([ofPools(page, 'max')[brief], ofPools(page, 'wait_time_seconds_count')[brief]], [10, 1]);
  });

  test('while a database does not answer, those who wait are seen, and nobody afterwards', async () => {
    const port = await pg.service.step('lose');
    const lost = `127.0.0.1:${port}/lost`;
    const state = (page: MetricsPage) => ({
      pending: ofPools(page, 'pending_requests')[lost],
      used: ofPools(page, 'count', `${pools}_state`)[`${lost} used`],
      idle: ofPools(page, 'count', `${pools}_state`)[`${lost} idle`],
    });
    assert.deepEqual(state(await pg.service.scrape()), { pending: 5, used: 0, idle: 0 });
    const outcomes = await pg.service.step('find');
    assert.equal(outcomes.filter(({ message }: { message?: string }) => message).length, 5);
    assert.deepEqual(state(await pg.service.scrape()), { pending: 0, used: 0, idle: 0 });
  });

  test('a server that goes away and comes back leaves the gauges as they were', async () => {
    const own = name(pg.libraries);
    assert.deepEqual(await pg.service.step('query'), { value: 1 });
    const state = async () => {
      const page = await pg.service.scrape();
      return [ofPools(page, 'count', `${pools}_state`)[`${own} used`], ofPools(page, 'pending_requests')[own]];
    };
    await pg.withoutServer(async () => {
      assert.equal((await pg.service.step('query')).code, 'ECONNREFUSED');
      assert.deepEqual(await state(), [0, 0]);
    });
    await until('an answer of the server', async () => (await pg.service.step('query')).value === 1);
    assert.deepEqual(await state(), [0, 0]);
  });
});
