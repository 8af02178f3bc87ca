import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressList, createPageHandler, credential, type PageFile } from '../src/index.ts';
import { asItIs, listener } from './support/listener.ts';

const FILES: Record<string, PageFile> = {
  '/': { headers: { 'Content-Type': 'text/html' }, body: '<p>Größe' },
  '/live-page.js': { headers: { 'Content-Type': 'text/javascript' }, body: '1' },
};

const OPEN = { access: { credentials: [] }, files: () => FILES, onError: () => {} };

test('the page is at the root, with its headers and its length, and what it loads beside it', async (t) => {
  const { url } = await listener(t, undefined, { page: createPageHandler(OPEN) });
  const root = await asItIs(new URL('/?from=somewhere', url).href);
  assert.deepEqual(
    [root.status, root.headers.get('content-type'), root.headers.get('content-length')],
    [200, 'text/html', '10'],
  );
  assert.equal(await root.text(), '<p>Größe');
  const script = await asItIs(new URL('/live-page.js', url).href);
  assert.deepEqual([script.status, await script.text()], [200, '1']);
  assert.equal(await (await asItIs(url)).text(), 'up 1\n');
});

test('HEAD has no body, other methods are 405, and what is not there is 404', async (t) => {
  const { url } = await listener(t, undefined, { page: createPageHandler(OPEN) });
  const root = new URL('/', url).href;
  const head = await asItIs(root, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '10', '']);
  const post = await fetch(root, { method: 'POST', body: 'x'.repeat(100_000) });
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  for (const path of ['/live-page.map', '/favicon.ico', '/index.html', '//', '/__proto__'])
    assert.equal((await fetch(`${root.slice(0, -1)}${path}`)).status, 404, path);
});

test('nothing of it is made for who may not see it', async (t) => {
  let asked = 0;
  const files = () => {
    asked++;
    return FILES;
  };
  const credentials = [credential('Basic', { text: 'user:secret' }, () => {})];
  const byPassword = await listener(t, undefined, {
    page: createPageHandler({ ...OPEN, files, access: { credentials } }),
  });
  const refused = await fetch(new URL('/', byPassword.url));
  assert.deepEqual(
    [refused.status, refused.headers.get('www-authenticate')],
    [401, 'Basic realm="metrics", charset="UTF-8"'],
  );
  const addresses = new AddressList();
  const byAddress = await listener(t, undefined, {
    page: createPageHandler({ ...OPEN, files, access: { credentials: [], addresses } }),
  });
  assert.equal((await fetch(new URL('/', byAddress.url))).status, 403);
  assert.equal(asked, 0);
  const headers = { authorization: `Basic ${btoa('user:secret')}` };
  assert.equal((await fetch(new URL('/', byPassword.url), { headers })).status, 200);
});

test('a page that cannot be made is 500, and the metrics go on', async (t) => {
  const errors: unknown[] = [];
  const files = () => {
    throw new Error('cannot be unpacked');
  };
  const page = createPageHandler({ ...OPEN, files, onError: (error) => errors.push(error) });
  const { url } = await listener(t, undefined, { page });
  assert.equal((await fetch(new URL('/', url))).status, 500);
  assert.match(String(errors), /cannot be unpacked/);
  assert.equal((await fetch(url)).status, 200);
});
