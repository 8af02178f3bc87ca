import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Stack, serviceNames, startOverview, startStack, steadyLoad } from '@payments/local-stack';
import type { Browser } from 'playwright-core';
import { startBrowser } from './support/browser.ts';
import { sendKnownTraffic } from './support/known-traffic.ts';
import { assertKeptToItself, type LivePage, openLivePage } from './support/live-page.ts';
import { type MetricsPage, scrapeAtRest } from './support/metrics-page.ts';
import { until } from './support/until.ts';

/** A cache is called what the environment says. */
const MARKUP = '<img src onerror>';

let stack: Stack;
let browser: Browser;
before(async () => {
  const env = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    SENTRY_DSN: 'http://key@127.0.0.1:9/1',
    SENTRY_ORGANIZATION_URL: 'https://acme.sentry.io',
    OTEL_CACHE_NAME_PATTERNS: `payment:*=${MARKUP}`,
  };
  [stack, browser] = await Promise.all([startStack({ agent: true, env }), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const metricsUrl = () => stack.services.payments.metricsUrl ?? '';

/** The totals in the last cells of a table. */
async function totals(live: LivePage, panel: string): Promise<Record<string, string>> {
  const lines = Object.entries(await live.lines(panel));
  return Object.fromEntries(lines.map(([line, cells]) => [line, cells.at(-1) ?? '']));
}

/** The same of the page of metrics. */
function counts(page: MetricsPage, name: string, ...labels: string[]): Record<string, string> {
  const values = Object.entries(page.values(name, ...labels));
  return Object.fromEntries(values.map(([line, value]) => [line.replace(/–$/, '(no route)'), String(value)]));
}

test('what the live page shows is what the page of metrics says: routes, databases, caches', async () => {
  const live = await openLivePage(browser, new URL('/', metricsUrl()).href);
  await sendKnownTraffic(stack);
  const page = await scrapeAtRest(metricsUrl());
  const routes = counts(page, 'http_server_requests_total', 'http_request_method', 'http_route');
  await until('the live page has all requests', async () => {
    const shown = await totals(live, 'Routes');
    return isDeepStrictEqual(shown, routes);
  });
  const operations = counts(page, 'db_client_operation_duration_seconds_count', 'db_system_name', 'db_operation_name');
  assert.deepEqual(await totals(live, 'Databases'), operations);
  const [hits = 0, misses = 0] = ['cache_hits_total', 'cache_misses_total'].map((name) => page.value(name));
  const ratio = Number.parseFloat((await live.lines('Cache'))[MARKUP]?.[0] ?? '');
  assert.ok(Math.abs(ratio - (hits / (hits + misses)) * 100) < 0.06, `${ratio} of ${hits} and ${misses}`);
  assert.deepEqual((await live.lines('Cache'))[MARKUP]?.slice(1), [String(hits), String(misses)]);
  await assertKeptToItself(live);
});

test('a label is text, whatever is in it', async () => {
  const live = await openLivePage(browser, new URL('/', metricsUrl()).href);
  await live.page.getByText(MARKUP).waitFor();
  assert.equal(await live.page.locator('img').count(), 0);
  await assertKeptToItself(live);
});

test('the slowest requests lead to their traces', async () => {
  const live = await openLivePage(browser, new URL('/', metricsUrl()).href);
  await fetch(`${stack.services.payments.url}/health/live`);
  const link = live.page.getByRole('region', { name: 'Slowest traces' }).getByRole('link').first();
  await link.waitFor();
  assert.match(
    (await link.getAttribute('href')) ?? '',
    /^https:\/\/acme\.sentry\.io\/explore\/traces\/trace\/[0-9a-f]{32}\/$/,
  );
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
});

test('under load the live page shows rates and durations, and the charts are read aloud', async () => {
  const live = await openLivePage(browser, new URL('/', metricsUrl()).href);
  const stop = steadyLoad(stack.services.payments.url, 30);
  await until('there is a rate and a p95', async () => {
    const [, rate, , , p95] = (await live.lines('Routes'))['GET (no route)'] ?? [];
    return Number(rate) > 0 && / m?s$/.test(p95 ?? '');
  });
  await live.page.getByRole('img', { name: /^Requests a second, now: .*4xx [1-9][\d.]*,/ }).waitFor();
  await live.page.getByRole('img', { name: /heat map, in the last seconds: p50 [\d.]+ m?s, p95/ }).waitFor();
  await stop();
  await assertKeptToItself(live);
});

test('an overview shows the five services, and which of them is down', async (t) => {
  const services = serviceNames.map((name) => ({ name, metricsUrl: stack.services[name].metricsUrl ?? '' }));
  const overview = await startOverview(services);
  t.after(() => overview.stop());
  const live = await openLivePage(browser, overview.url);
  const cards = live.page.getByRole('navigation', { name: 'Services' }).getByRole('link');
  const card = (name: string, state: string) => cards.filter({ hasText: `${name}${state}` });
  for (const name of serviceNames) await card(name, 'up').waitFor();
  await card('profile', 'up').click();
  await live.page.getByRole('heading', { level: 1, name: 'profile' }).waitFor();
  await stack.services.profile.stop();
  await card('profile', 'down').waitFor();
  await live.page.getByText(/^profile has not answered since .* \(no connection: ECONNREFUSED\)/).waitFor();
  assert.equal(await cards.filter({ hasText: 'up' }).count(), 4);
  await assertKeptToItself(live);
});
