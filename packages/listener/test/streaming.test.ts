import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { devNull } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { asItIs, listener } from './support/listener.ts';

const KILOBYTES_64 = 'x'.repeat(64 * 1024);

/** Chunks that are counted as they are made. */
class Chunks {
  made = 0;
  #end: () => void = () => {};
  /** Settles when nobody asks for more. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });
  readonly #count: number;
  readonly #each: (index: number) => void;

  constructor(count: number, each: (index: number) => void = () => {}) {
    this.#count = count;
    this.#each = each;
  }

  *[Symbol.iterator]() {
    try {
      while (this.made < this.#count) {
        this.#each(this.made++);
        yield KILOBYTES_64;
      }
    } finally {
      this.#end();
    }
  }
}

/** A scrape by hand, which reads nothing until it is told to. */
async function paused(url: string, headers = ''): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), 'localhost');
  socket.pause();
  socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  await once(socket, 'connect');
  return socket;
}

/** Reads on; whether the page comes to its end. */
async function getsAll(socket: Socket): Promise<boolean> {
  socket.resume();
  const body = await buffer(socket).catch(() => undefined);
  return body?.subarray(-7).toString() === '\r\n0\r\n\r\n';
}

/** Takes a while, as a long page does. */
function work(): void {
  const end = performance.now() + 3;
  while (performance.now() < end);
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Waits until nothing more is made. */
async function settled(chunks: Chunks): Promise<number> {
  for (let same = 0, last = -1; same < 50; same++) {
    if (chunks.made !== last) same = 0;
    last = chunks.made;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return chunks.made;
}

test('a long page comes whole, without a length', async (t) => {
  const { url } = await listener(t, async () => new Chunks(100));
  const response = await asItIs(url);
  assert.equal(response.headers.get('content-length'), null);
  assert.equal(await response.text(), KILOBYTES_64.repeat(100));
});

test('T3: HEAD of a long page has its type and no body, and the page is not made to the end', async (t) => {
  const chunks = new Chunks(1000);
  const { url } = await listener(t, async () => chunks);
  const response = await asItIs(url, { method: 'HEAD' });
  assert.deepEqual([response.status, await response.text()], [200, '']);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
  assert.ok(chunks.made < 10);
});

test('everybody else has a turn while a page is made', async (t) => {
  let turns = 0;
  let running = true;
  const count = () => {
    turns++;
    if (running) setImmediate(count);
  };
  const seen: number[] = [];
  const chunks = new Chunks(20, () => {
    work();
    seen.push(turns);
  });
  const { url } = await listener(t, async () => chunks);
  count();
  await (await asItIs(url)).text();
  running = false;
  assert.equal(new Set(seen).size, 20);
});

const broken = () =>
  new Chunks(100, (index) => {
    if (index === 50) throw new Error('broken');
  });

test('T8: a page that fails midway does not look whole', async (t) => {
  const { url, errors } = await listener(t, async () => broken());
  const response = await asItIs(url);
  await assert.rejects(response.text());
  assert.match(String(errors), /broken/);
});

// Read by another program: Node.js up to 22 takes a reset behind what it has not read yet for an orderly end.
test('T8: nor does it to a reader of HTTP/1.0, which takes an orderly end for that of the page', {
  skip: spawnSync('curl', ['--version']).status !== 0 && 'curl is not there',
}, async (t) => {
  const { url } = await listener(t, async () => broken());
  const read = promisify(execFile)('curl', ['--http1.0', '--no-progress-meter', '--output', devNull, url]);
  await assert.rejects(read, { code: 56, stderr: /reset by peer/ });
});

test('T7: a page that fails before its first bytes is 500', async (t) => {
  const { url, errors } = await listener(t, async () => {
    return new Chunks(100, (index) => {
      if (index === 2) throw new Error('broken');
    });
  });
  assert.deepEqual([(await asItIs(url)).status, errors.length], [500, 1]);
});

test('a reader that reads nothing holds a bounded part of the page, and nobody else', async (t) => {
  const pages: Chunks[] = [];
  const { url, errors } = await listener(t, async () => {
    const chunks = new Chunks(1000);
    pages.push(chunks);
    return chunks;
  });
  const slow = await paused(url);
  t.after(() => slow.destroy());
  while (pages[0] === undefined) await turn();
  // The kernel takes some megabytes of the 64 before the page has to wait.
  assert.ok((await settled(pages[0])) < 500);
  const quick = await (await asItIs(url)).arrayBuffer();
  assert.equal(quick.byteLength, 1000 * KILOBYTES_64.length);
  assert.ok(pages[0].made < 500);
  assert.deepEqual(errors, []);
});

test('a reader that reads nothing is dropped where it holds up one that asked at the same time', async (t) => {
  const { url, arrived } = await listener(t, async () => {
    await arrived(2);
    return new Chunks(1000);
  });
  const slow = await paused(url);
  assert.equal((await (await asItIs(url)).arrayBuffer()).byteLength, 1000 * KILOBYTES_64.length);
  assert.equal(await getsAll(slow), false);
});

test('of readers that read nothing only the last few hold anything', async (t) => {
  const pages: Chunks[] = [];
  const { url } = await listener(t, async () => {
    const chunks = new Chunks(1000);
    pages.push(chunks);
    return chunks;
  });
  const slow: Socket[] = [];
  t.after(() => slow.map((socket) => socket.destroy()));
  for (let i = 0; i < 6; i++) {
    slow.push(await paused(url));
    while (pages[i] === undefined) await turn();
    await settled(pages[i] as Chunks);
  }
  for (const socket of slow.slice(0, 2)) assert.equal(await getsAll(socket), false);
});

test('T9: a collection that takes too long is 503, by our limit or by that of the scraper', async (t) => {
  const never = () => new Promise<string>(() => {});
  const ours = await listener(t, never, { timeLimit: 20 });
  assert.equal((await asItIs(ours.url)).status, 503);
  const theirs = await listener(t, never);
  const headers = { 'x-prometheus-scrape-timeout-seconds': '0.02' };
  assert.equal((await asItIs(theirs.url, { headers })).status, 503);
  for (const nonsense of ['-1', 'x', 'NaN', 'Infinity']) {
    const { url } = await listener(t);
    assert.equal((await asItIs(url, { headers: { 'x-prometheus-scrape-timeout-seconds': nonsense } })).status, 200);
  }
});

test('a reader that has not got the page within the limit is cut off', async (t) => {
  const chunks = new Chunks(1000);
  const { url } = await listener(t, async () => chunks, { timeLimit: 300 });
  const slow = await paused(url);
  await chunks.ended;
  assert.equal(await getsAll(slow), false);
});

test('T10: scrapes of two formats share one collection, and each has its own type', async (t) => {
  let collections = 0;
  const { url, arrived } = await listener(t, async () => {
    collections++;
    await arrived(2);
    return 'up 1\n';
  });
  const answers = ['application/openmetrics-text', 'text/plain'].map((accept) => asItIs(url, { headers: { accept } }));
  const types = (await Promise.all(answers)).map(({ headers }) => headers.get('content-type')?.split(';')[0]);
  assert.deepEqual([types, collections], [['application/openmetrics-text', 'text/plain'], 1]);
});

test('T10: who asks while a page is made waits for the next one, and all who wait share it', async (t) => {
  let collections = 0;
  const { url, requests } = await listener(t, async () => (++collections > 1 ? 'up 1\n' : untilSixHaveAsked()));
  function* untilSixHaveAsked() {
    while (requests() < 6) {
      work();
      yield 'x';
    }
  }
  const first = asItIs(url);
  while (collections === 0) await turn();
  const others = Array.from({ length: 5 }, async () => (await asItIs(url)).text());
  assert.deepEqual(await Promise.all(others), new Array(5).fill('up 1\n'));
  assert.match(await (await first).text(), /^x+$/);
  assert.equal(collections, 2);
});

test('T11: beyond a hundred scrapes at once the next is told to come again', async (t) => {
  const { url, arrived } = await listener(t, async () => {
    await arrived(101);
    return 'up 1\n';
  });
  const statuses = Array.from({ length: 101 }, async () => (await asItIs(url)).status);
  assert.deepEqual((await Promise.all(statuses)).sort(), [...new Array(100).fill(200), 503]);
});

test('a chunk that is empty, which says that more is being made, is not sent and ends nothing', async (t) => {
  const chunks = ['', KILOBYTES_64, '', ...new Array(5).fill(KILOBYTES_64), '', 'the end'];
  const { url, errors } = await listener(t, async () => chunks);
  for (const encoding of ['identity', 'gzip']) {
    const response = await fetch(url, { headers: { 'accept-encoding': encoding } });
    assert.ok((await response.text()) === chunks.join(''), encoding);
  }
  assert.deepEqual(errors, []);
});
