import assert from 'node:assert/strict';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { listener, PAGE } from './support/listener.ts';

interface Answer {
  readonly status: number | undefined;
  readonly encoding: string | undefined;
  readonly length: string | undefined;
  readonly vary: string | undefined;
  readonly body: Buffer;
}

/** A request whose body is left as it comes. */
async function raw(url: string, acceptEncoding: string | undefined, method = 'GET'): Promise<Answer> {
  const headers = acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding };
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (response) => {
      const { 'content-encoding': encoding, 'content-length': length, vary } = response.headers;
      buffer(response).then((body) => resolve({ status: response.statusCode, encoding, length, vary, body }), reject);
    });
    sent.on('error', reject).end();
  });
}

for (const [accept, isCompressed] of [
  ['gzip', true],
  ['GZIP ; q=0.5', true],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['*', true],
  ['br, gzip', true],
  [undefined, false],
  ['', false],
  ['identity', false],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['gzip;q=0.5, identity', false],
  ['br', false],
  ['gzip;q=7', false],
] as const) {
  test(`T12: Accept-Encoding ${accept} gets ${isCompressed ? 'gzip' : 'the page as it is'}`, async (t) => {
    const { url } = await listener(t);
    const { status, encoding, length, vary, body } = await raw(url, accept);
    assert.deepEqual([status, encoding, vary], [200, isCompressed ? 'gzip' : undefined, 'Accept, Accept-Encoding']);
    assert.equal(length, String(body.length));
    assert.equal((isCompressed ? gunzipSync(body) : body).toString(), PAGE);
  });
}

/** Chunks that do not get smaller. */
function* noise(count: number, failAt = Number.POSITIVE_INFINITY): Generator<string> {
  for (let chunk = 0, state = 1; chunk < count; chunk++) {
    if (chunk === failAt) throw new Error('broken');
    let text = '';
    while (text.length < 64 * 1024) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      text += state.toString(36);
    }
    yield text;
  }
}

test('T12: a long page that is compressed comes whole, without a length', async (t) => {
  const { url } = await listener(t, async () => noise(60));
  const { encoding, length, body } = await raw(url, 'gzip');
  assert.deepEqual([encoding, length], ['gzip', undefined]);
  assert.equal(gunzipSync(body).toString(), [...noise(60)].join(''));
});

test('T8: a compressed page that fails midway does not look whole', async (t) => {
  const { url, errors } = await listener(t, async () => noise(60, 50));
  await assert.rejects(raw(url, 'gzip'));
  assert.match(String(errors), /broken/);
});

test('T5: a failure has no Content-Encoding', async (t) => {
  const { url } = await listener(t, async () => Promise.reject(new Error('no page')));
  const { status, encoding, body } = await raw(url, 'gzip');
  assert.deepEqual([status, encoding], [500, undefined]);
  assert.match(body.toString(), /could not be collected/);
});

test('a reader that goes away in the middle ends the making of a compressed page', async (t) => {
  let ended = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  function* endless() {
    try {
      for (;;) yield* noise(60);
    } finally {
      ended();
    }
  }
  const { url, errors } = await listener(t, async () => endless());
  await new Promise<void>((resolve, reject) => {
    const sent = request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      response.once('data', () => resolve(void sent.destroy()));
    });
    sent.on('error', reject).end();
  });
  await end;
  assert.deepEqual(errors, []);
});
