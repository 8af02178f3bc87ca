import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asItIs, listener, PAGE } from './support/listener.ts';

const GET = 'GET /metrics HTTP/1.1\r\nHost: x\r\n';

/** A connection by hand. */
async function connected(t: TestContext, url: string, sent: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), 'localhost');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(sent);
  return socket;
}

/** More connections than are kept, which ask for nothing; settles when the server has seen them all. */
async function crowd(t: TestContext, url: string): Promise<void> {
  await Promise.all(Array.from({ length: 300 }, () => connected(t, url, GET)));
  const last = await connected(t, url, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(await answered(last), /^HTTP\/1.1 404 /);
}

/** All that is answered until the connection is closed; the client may or may not learn of a reset. */
const answered = (socket: Socket) => text(socket).catch((): string => '');

test('T19: who sends no whole request in time is dropped, and disturbs nobody meanwhile', async (t) => {
  const { url } = await listener(t);
  const post = 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n';
  const slow = await Promise.all(['', 'G', GET, `${GET}X-Long: `, post].map((sent) => connected(t, url, sent)));
  // The last but one sends a byte now and then.
  const trickling = setInterval(() => slow[3]?.write('x'), 500);
  t.after(() => clearInterval(trickling));
  let isOver = false;
  const dropped = Promise.all(slow.map(answered)).finally(() => {
    isOver = true;
  });
  for (; !isOver; await delay(100)) assert.equal(await (await asItIs(url)).text(), PAGE);
  const statuses = (await dropped).map((answer) => answer.split('\r\n')[0]);
  assert.deepEqual(statuses, ['', '', '', '', 'HTTP/1.1 405 Method Not Allowed']);
});

test('T19: a thousand connections that ask for nothing shut nobody out, and most of them are dropped', async (t) => {
  const { url } = await listener(t);
  let open = 0;
  for (let opened = 0; opened < 1000; opened += 100) {
    const some = await Promise.all(Array.from({ length: 100 }, () => connected(t, url, GET)));
    for (const socket of some) {
      open++;
      socket.on('close', () => open--);
    }
    assert.equal(await (await asItIs(url)).text(), PAGE);
  }
  while (open > 128) await delay(5);
});

test('T19: a scrape that is being answered keeps its connection, however many others come', async (t) => {
  let finish = (_page: string) => {};
  const { url, arrived } = await listener(t, () => new Promise((resolve) => (finish = resolve)));
  const page = asItIs(url);
  await arrived(1);
  await crowd(t, url);
  finish(PAGE);
  assert.equal(await (await page).text(), PAGE);
});

test('T19: so does one whose answer waits behind others, while what comes behind it has its answer', async (t) => {
  const finish: ((page: string) => void)[] = [];
  const { url, arrived } = await listener(t, () => new Promise((resolve) => finish.push(resolve)));
  const socket = await connected(t, url, `${GET}\r\n`);
  await arrived(1);
  finish.shift()?.(PAGE);
  const received = answered(socket);
  socket.write(`${GET}\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await arrived(3);
  await crowd(t, url);
  finish.shift()?.(PAGE);
  assert.deepEqual((await received).match(/(?<=^HTTP\/1.1 )\d+/gm), ['200', '200', '404']);
});

test('T9: a page that waits whole behind another answer is not late', async (t) => {
  let pages = 0;
  const { url, arrived } = await listener(t, async () => {
    await arrived(3);
    return {
      *[Symbol.iterator]() {
        // The second one takes long.
        for (let chunks = ++pages === 2 ? 200 : 0; chunks > 0; chunks--) {
          const end = performance.now() + 2;
          while (performance.now() < end);
          yield '';
        }
        yield PAGE;
      },
    };
  });
  const first = asItIs(url);
  await arrived(1);
  const slow = `${GET}Accept: application/openmetrics-text\r\n\r\n`;
  const quick = `${GET}Connection: close\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n\r\n`;
  const socket = await connected(t, url, slow + quick);
  assert.match(await answered(socket), /^HTTP\/1.1 200 [\s\S]*up 1\nHTTP\/1.1 (?:200|503) /);
  assert.equal(await (await first).text(), PAGE);
});

test('T11: one that sends scrape after scrape and reads nothing shuts nobody out', async (t) => {
  const { url, arrived } = await listener(t, async () => 'x'.repeat(1_000_000));
  const socket = await connected(t, url, '');
  socket.pause();
  socket.write(`${GET}\r\n`.repeat(200));
  await arrived(50);
  assert.equal((await asItIs(url)).status, 200);
});

test('T11: of a hundred that have not taken their page in time the oldest makes room for who comes next', async (t) => {
  const { url, arrived } = await listener(t, async () => {
    await arrived(100);
    return new Array(100).fill('x'.repeat(1_000_000));
  });
  await Promise.all(Array.from({ length: 100 }, async () => (await connected(t, url, `${GET}\r\n`)).pause()));
  const status = async () => (await asItIs(url, { method: 'HEAD' })).status;
  assert.equal(await status(), 503);
  for (let answered = 503; answered !== 200; await delay(50)) {
    answered = await status();
    assert.ok([200, 503].includes(answered), String(answered));
  }
});

test('T19: who asks and asks and reads nothing is not listened to any further', async (t) => {
  const { url } = await listener(t);
  const socket = await connected(t, url, '');
  socket.pause();
  const requests = 'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10_000);
  // What the kernel has no room for waits here.
  for (let asked = 0; asked < 100 && socket.writableLength < 5_000_000; asked++) {
    socket.write(requests);
    await delay(10);
  }
  assert.ok(socket.writableLength >= 5_000_000);
  assert.equal(await (await asItIs(url)).text(), PAGE);
});

test('T19: a head that is too long is not answered, and the next request is', async (t) => {
  const { url } = await listener(t);
  for (const long of [`X: ${'x'.repeat(20_000)}`, `X: x\r\n`.repeat(20_000), `Accept: ${'a,'.repeat(9000)}`]) {
    const socket = await connected(t, url, `${GET}${long}\r\n\r\n`);
    assert.equal(await answered(socket), '');
    assert.equal((await asItIs(url)).status, 200);
  }
});

test('a scrape with a body is 413 and costs no collection; nobody is asked to go on with a body, and an endless one is cut off', async (t) => {
  let collections = 0;
  const { url } = await listener(t, async () => {
    collections++;
    return PAGE;
  });
  for (const body of ['Content-Length: 5\r\n\r\nhello', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n']) {
    const socket = await connected(t, url, `${GET}Connection: close\r\n${body}`);
    assert.match(await answered(socket), /^HTTP\/1\.1 413 /);
  }
  const waiting = await connected(
    t,
    url,
    `${GET}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
  );
  assert.match(await answered(waiting), /^HTTP\/1\.1 413 /);
  assert.equal(collections, 0);
  for (const path of ['/metrics', '/nothing']) {
    const endless = await connected(t, url, `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n`);
    endless.resume();
    const megabyte = Buffer.alloc(1024 * 1024);
    const send = () => {
      while (!endless.destroyed && endless.write(megabyte));
    };
    endless.on('drain', send);
    send();
    await new Promise((resolve) => endless.once('close', resolve));
    assert.ok(endless.bytesWritten < 50 * megabyte.length);
  }
  const empty = await connected(t, url, `${GET}Connection: close\r\nContent-Length: 0\r\n\r\n`);
  assert.match(await answered(empty), /^HTTP\/1\.1 200 /);
});
