import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Spotlight, type Stack, startSpotlight, startStack } from '@payments/local-stack';
import type { Browser, Page } from 'playwright-core';
import { call } from './support/api-client.ts';
import { startBrowser } from './support/browser.ts';
import { sendKnownTraffic } from './support/known-traffic.ts';

let spotlight: Spotlight;
let stack: Stack;
let browser: Browser;
before(async () => {
  spotlight = await startSpotlight();
  const env = { ...spotlight.environment, OTEL_BSP_SCHEDULE_DELAY: '100' };
  [stack, browser] = await Promise.all([startStack({ agent: true, env }), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await stack?.stop();
  await spotlight?.stop();
});

/** A page of Spotlight; its own reports to its makers go nowhere. */
async function open(path: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.route(/^https:/, (route) => route.abort());
  await page.goto(`${spotlight.url}/telemetry/${path}`);
  return page;
}

/** A request to each of the services behind the gateway. */
const REQUESTS = ['POST /auth/register', 'POST /payments/:id/capture', 'PUT /profile', 'GET /admin/totals'];

test('the traces of the five services are seen in a browser, each from the gateway to the databases', async () => {
  await sendKnownTraffic(stack);
  const page = await open('traces');
  for (const request of REQUESTS) {
    await page.getByText(request, { exact: true }).first().click();
    // In the gateway, and in the service behind it.
    await page.getByText('http.server', { exact: true }).nth(1).waitFor();
    await page.getByText('db', { exact: true }).first().waitFor();
    await page.goBack();
  }
});

test('an error is seen in a browser, with the trace that it belongs to', async () => {
  await stack.postgres.stop();
  const body = { email: 'somebody@example.com', password: 'a password of theirs' };
  const answer = await call(`${stack.url}/auth/login`, { method: 'POST', body });
  assert.equal(answer.status, 500);
  const page = await open('errors');
  await page.getByText('ECONNREFUSED').first().click();
  const [, traceId] = /T: (\w+)/.exec((await page.getByText(/^T: /).textContent()) ?? '') ?? [];
  await page.goto(`${spotlight.url}/telemetry/traces/${traceId}`);
  await page.getByText('POST /auth/login').first().waitFor();
});
