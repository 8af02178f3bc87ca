// How long a page takes and how long it holds everything else up: `BENCH_PAGE` of `BENCH_LABEL_SETS` label sets, asked
// for `BENCH_TIMES` times after one page that is not measured.

import { attributes, labels, opentelemetry, ours, promClient } from './implementations.mjs';

const labelSets = Number(process.env.BENCH_LABEL_SETS);
const duration = (/** @type {number} */ set) => (set % 1000) / 200;

const pages = {
  async ours() {
    const { histogram, page } = await ours(labelSets);
    for (let set = 0; set < labelSets; set++) histogram.bind(attributes(`/items/${set}`)).record(duration(set));
    return page;
  },
  async opentelemetry() {
    const { histogram, page } = opentelemetry(labelSets + 1);
    for (let set = 0; set < labelSets; set++) histogram.record(duration(set), attributes(`/items/${set}`));
    return page;
  },
  async 'prom-client'() {
    const { histogram, page } = promClient();
    for (let set = 0; set < labelSets; set++) histogram.observe(labels(`/items/${set}`), duration(set));
    return page;
  },
};

const page = await pages[process.env.BENCH_PAGE]();
let first = '';
await page((chunk) => {
  first += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
});
const lines = first.split('\n').filter((line) => !line.startsWith('#') && line.includes('_bucket{')).length;
if (lines !== labelSets * 15) throw new Error(`the page has ${lines} buckets in place of ${labelSets * 15}`);
const megabytes = Buffer.byteLength(first) / 2 ** 20;
first = '';

const milliseconds = [];
const blocks = [];
for (let time = 0; time < Number(process.env.BENCH_TIMES); time++) {
  globalThis.gc();
  const { total, longestBlock } = await timed(() => page(() => {}));
  milliseconds.push(total);
  blocks.push(longestBlock);
}
process.send({ milliseconds, blocks, megabytes });

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  let longestBlock = 0;
  let running = true;
  const start = performance.now();
  let last = start;
  const tick = () => {
    const now = performance.now();
    longestBlock = Math.max(longestBlock, now - last);
    last = now;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  const total = performance.now() - start;
  running = false;
  await new Promise(setImmediate);
  return { total, longestBlock };
}
