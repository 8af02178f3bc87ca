import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asItIs, listener } from './support/listener.ts';

test('T9 T10: a collection has a while, however little time the first has who asks for it: it is for others as well', async (t) => {
  const limits: number[] = [];
  const { url, arrived } = await listener(t, async (limit) => {
    limits.push(limit);
    await arrived(2);
    return 'up 1\n';
  });
  const statusFor = async (seconds: string) => {
    return (await asItIs(url, { headers: { 'x-prometheus-scrape-timeout-seconds': seconds } })).status;
  };
  assert.deepEqual([await statusFor('0.001'), await statusFor('10'), limits], [503, 200, [200]]);
});

test('scrapes without end have a tenth of the event loop, and a second that was saved up', async (t) => {
  let [worked, longest] = [0, 0];
  const observer = {
    ...{ began() {}, ended() {} },
    beginWork() {
      const since = performance.now();
      return () => {
        const time = performance.now() - since;
        worked += time;
        longest = Math.max(longest, time);
      };
    },
  };
  const collect = async () => {
    const end = performance.now() + 20;
    while (performance.now() < end);
    return 'up 1\n';
  };
  const { url } = await listener(t, collect, { observer });
  const start = performance.now();
  const scraper = async () => {
    while (worked < 1200) assert.equal((await asItIs(url)).status, 200);
  };
  await Promise.all(Array.from({ length: 10 }, scraper));
  // One page may go beyond what is left, however long a busy machine makes it.
  assert.ok(
    worked < 1100 + longest + (performance.now() - start) / 10,
    `${worked} ms in ${performance.now() - start} ms`,
  );
});
