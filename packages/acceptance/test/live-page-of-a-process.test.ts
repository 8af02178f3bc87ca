import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, throwAwayFolder } from '@payments/local-stack';
import type { Browser } from 'playwright-core';
import { startBrowser } from './support/browser.ts';
import { assertKeptToItself, openLivePage } from './support/live-page.ts';
import { startProgram } from './support/program.ts';
import { until } from './support/until.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

const rootOf = (metricsUrl: string) => new URL('/', metricsUrl).href;

test('the page is at the root of the listener, and only what it consists of is beside it', async (t) => {
  const program = await startProgram('hello.mjs');
  t.after(() => program.stop());
  const root = rootOf(await program.metricsUrl());
  const answer = await fetch(root);
  assert.match(
    answer.headers.get('content-security-policy') ?? '',
    /^default-src 'none'; script-src 'self'; style-src 'self'; /,
  );
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  const loaded = Array.from((await answer.text()).matchAll(/(?:href|src)="(.*?)"/g), ([, path = '']) => path);
  assert.equal(loaded.length, 3);
  for (const path of loaded) assert.equal((await fetch(root + path)).status, 200, path);
  assert.equal((await fetch(`${root}favicon.ico`)).status, 404);
});

test('names that are markup are text', async (t) => {
  const name = '<img src=x onerror=alert(1)>';
  const program = await startProgram('hello.mjs', { env: { OTEL_SERVICE_NAME: name } });
  t.after(() => program.stop());
  const live = await openLivePage(browser, rootOf(await program.metricsUrl()));
  await live.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  assert.equal(await live.page.locator('img').count(), 0);
  await assertKeptToItself(live);
});

test('the page shows the same under names without units, and with labels of scopes', async (t) => {
  const program = await startProgram('hello.mjs', {
    env: {
      OTEL_EXPORTER_PROMETHEUS_TRANSLATION_STRATEGY: 'no_translation',
      OTEL_EXPORTER_PROMETHEUS_SCOPE_LABELS: 'true',
    },
  });
  t.after(() => program.stop());
  await fetch(program.url);
  const live = await openLivePage(browser, rootOf(await program.metricsUrl()));
  await until('the request is shown', async () => (await live.lines('Routes'))['GET (no route)']?.at(-1) === '1');
  for (const panel of ['Event loop', 'Processor', 'Memory'])
    await live.page
      .getByRole('region', { name: panel, exact: true })
      .getByRole('definition')
      .filter({ hasText: /\d/ })
      .first()
      .waitFor();
});

test('a process that dies is said to have died, keeps its last picture, and is shown again when it is back', async (t) => {
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()), OTEL_SERVICE_NAME: 'mortal' };
  const first = await startProgram('hello.mjs', { env });
  t.after(() => first.stop());
  await fetch(first.url);
  const live = await openLivePage(browser, rootOf(await first.metricsUrl()));
  const total = async () => (await live.lines('Routes'))['GET (no route)']?.at(-1);
  await until('the request is shown', async () => (await total()) === '1');
  process.kill(first.pid, 'SIGKILL');
  await live.page.getByText(/^mortal has not answered since .* \(no connection\)\. This is how it was at /).waitFor();
  assert.equal(await total(), '1');
  const second = await startProgram('hello.mjs', { env });
  t.after(() => second.stop());
  await live.page.getByText(/^live, every/).waitFor();
  assert.equal(await live.page.getByText(/has not answered/).count(), 0);
  assert.equal(await total(), undefined, 'nothing has been asked of the new one');
  await assertKeptToItself(live);
});

test('who has the password sees the page, others get 401, and who loses it is told so', async (t) => {
  const folder = throwAwayFolder();
  t.after(() => folder.remove());
  const file = join(folder.path, 'password');
  writeFileSync(file, 'somebody:secret');
  const program = await startProgram('hello.mjs', { env: { OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH_FILE: file } });
  t.after(() => program.stop());
  const root = rootOf(await program.metricsUrl());
  for (const path of ['', 'live-page.js', 'live-page.css']) assert.equal((await fetch(root + path)).status, 401, path);
  const live = await openLivePage(browser, root, { httpCredentials: { username: 'somebody', password: 'secret' } });
  await assertKeptToItself(live);
  writeFileSync(file, 'somebody:else');
  await live.page.getByText(/has not answered since .* \(401: it wants a user and a password/).waitFor();
});

test('switched off, there is no page, and the metrics are there', async (t) => {
  const program = await startProgram('hello.mjs', { env: { OTEL_EXPORTER_PROMETHEUS_LIVE_PAGE: 'false' } });
  t.after(() => program.stop());
  const url = await program.metricsUrl();
  for (const path of ['', 'live-page.js']) assert.equal((await fetch(rootOf(url) + path)).status, 404, path);
  assert.equal((await fetch(url)).status, 200);
});

test("on the service's own port only /metrics is answered, never the page", async (t) => {
  const program = await startProgram('hello.mjs', { env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' } });
  t.after(() => program.stop());
  for (const path of ['/', '/live-page.js'])
    assert.equal(await (await fetch(program.url + path)).text(), 'hello', path);
  assert.match(await (await fetch(`${program.url}/metrics`)).text(), /^target_info/m);
});

test('the page waits while it is paused, and goes on where it was', async (t) => {
  const program = await startProgram('hello.mjs');
  t.after(() => program.stop());
  const { page } = await openLivePage(browser, rootOf(await program.metricsUrl()));
  const button = page.getByRole('button', { name: 'Pause' });
  await button.press('Enter');
  await page.getByText('paused', { exact: true }).waitFor();
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  await button.press('Enter');
  await page.getByText(/^live, every/).waitFor();
});
