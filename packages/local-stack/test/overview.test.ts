import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { browserOpener, freePort, startOverview } from '../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('an overview has the page, the metrics of each service as it was asked for them, and 502 for one that is down', async (t) => {
  const service = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/metrics' }).end(`${request.url} ${request.headers.accept}`);
  });
  await new Promise<void>((resolve) => service.listen(0, 'localhost', resolve));
  t.after(() => service.close());
  const { port } = service.address() as AddressInfo;
  const overview = await startOverview([
    { name: 'up', metricsUrl: `http://localhost:${port}/metrics` },
    { name: 'down', metricsUrl: `http://127.0.0.1:${await freePort()}/metrics` },
  ]);
  t.after(() => overview.stop());
  const page = await fetch(overview.url);
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  const sources = /name="sources" content="(.*?)"/.exec(await page.text())?.[1]?.replaceAll('&quot;', '"') ?? '';
  const [up, down] = JSON.parse(sources) as { metrics: string; page: string }[];
  assert.equal(up?.page, `http://localhost:${port}/`);
  const metrics = await fetch(new URL(`${up?.metrics}?name[]=a`, overview.url), { headers: { accept: 'x/y' } });
  assert.deepEqual(
    [metrics.headers.get('content-type'), await metrics.text()],
    ['text/metrics', '/metrics?name[]=a x/y'],
  );
  const none = await fetch(new URL(down?.metrics ?? '', overview.url));
  assert.deepEqual([none.status, await none.text()], [502, 'no connection: ECONNREFUSED']);
  assert.equal((await fetch(new URL('services/other', overview.url))).status, 404);
  assert.equal((await fetch(overview.url, { method: 'POST' })).status, 405);
});

test('an overview on a port that is taken is an error', async (t) => {
  const overview = await startOverview([]);
  t.after(() => overview.stop());
  await assert.rejects(startOverview([], Number(new URL(overview.url).port)), /EADDRINUSE/);
});

test('a browser is opened where somebody sees it and there is a program that does it', (t) => {
  const folder = temporaryFolder();
  const program = join(folder, 'xdg-open');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const path = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${path}`;
  t.after(() => {
    process.env.PATH = path;
  });
  const desktop = { platform: 'linux', env: { DISPLAY: ':0' }, isTerminal: true } as const;
  assert.equal(browserOpener(desktop), program);
  assert.equal(browserOpener({ ...desktop, isTerminal: false }), undefined);
  assert.equal(browserOpener({ ...desktop, env: {} }), undefined);
});
