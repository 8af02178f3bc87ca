import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ServiceName, type Stack, serviceNames, startStack } from '@payments/local-stack';
import { type Ledger, sendKnownTraffic } from './support/known-traffic.ts';
import {
  databaseCounts,
  errorCounts,
  increase,
  type MetricsPage,
  requestCounts,
  scrape,
  scrapeAtRest,
  type Values,
} from './support/metrics-page.ts';

type Pages = Record<ServiceName, MetricsPage>;

const cacheHits = (page: MetricsPage) => page.values('cache_hits_total', 'cache_name', 'db_operation_name');
const cacheMisses = (page: MetricsPage) => page.values('cache_misses_total', 'cache_name', 'db_operation_name');

/** What the same traffic added on all five services, in each way of running them. */
const added: Record<string, Record<string, Values>> = {};

for (const [way, env] of [
  ['with metrics alone', {}],
  ['with spans too', { OTEL_TRACES_EXPORTER: 'console' }],
] as const) {
  describe(`five services ${way}`, () => {
    let stack: Stack;
    let sent: Ledger;
    let earlier: Pages;
    let later: Pages;

    const ownListener = (name: ServiceName) => stack.services[name].metricsUrl ?? assert.fail(`${name} named no page`);
    const servicePort = (name: ServiceName) => `${stack.services[name].url}/metrics`;
    const scrapeAll = async (): Promise<Pages> => {
      const pages = await Promise.all(serviceNames.map(async (name) => [name, await scrapeAtRest(ownListener(name))]));
      return Object.fromEntries(pages);
    };

    before(async () => {
      stack = await startStack({ agent: true, env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open', ...env } });
      // A service is asked once, at the first scrape of its port, whether it has a page of its own.
      await Promise.all(serviceNames.map((name) => scrape(servicePort(name))));
      earlier = await scrapeAll();
      sent = await sendKnownTraffic(stack);
      later = await scrapeAll();
    });
    after(() => stack?.stop());

    for (const name of serviceNames) {
      test(`${name} counts each request by method, whole route and status, to the unit`, () => {
        assert.deepEqual(increase(requestCounts(earlier[name]), requestCounts(later[name])), sent[name]);
      });

      test(`${name} measures the duration of each request that it counts`, () => {
        const labels = ['http_request_method', 'http_route', 'http_response_status_code'];
        const histogram = 'http_server_request_duration_seconds';
        const counted = requestCounts(later[name]);
        assert.deepEqual(later[name].values(`${histogram}_count`, ...labels), counted);
        const buckets = Object.entries(later[name].values(`${histogram}_bucket`, ...labels, 'le'));
        const largest = buckets.flatMap(([key, value]): [string, number][] =>
          key.endsWith(' +Inf') ? [[key.slice(0, -5), value]] : [],
        );
        assert.deepEqual(Object.fromEntries(largest), counted);
        for (const [key, seconds] of Object.entries(later[name].values(`${histogram}_sum`, ...labels))) {
          assert.ok(seconds > 0 && seconds < 60, `${key} took ${seconds} s`);
        }
        const others = (page: MetricsPage) =>
          page.values(`${histogram}_count`, 'url_scheme', 'network_protocol_version', 'error_type');
        assert.deepEqual(Object.keys(increase(others(earlier[name]), others(later[name]))), ['http 1.1 –']);
      });

      test(`${name} has no request in flight and no error afterwards`, () => {
        const active = later[name].values('http_server_active_requests', 'http_request_method', 'url_scheme');
        assert.deepEqual(new Set(Object.values(active)), new Set([0]));
        assert.deepEqual(increase(errorCounts(earlier[name]), errorCounts(later[name])), {});
      });

      test(`${name} says the same on its own port as on the metrics listener`, async () => {
        const [own, same] = [await scrape(ownListener(name)), await scrape(servicePort(name))];
        assert.deepEqual([...same.families.keys()], [...own.families.keys()]);
        for (const counts of [requestCounts, errorCounts, databaseCounts, cacheHits, cacheMisses]) {
          assert.deepEqual(counts(same), counts(own));
          assert.deepEqual(counts(same), counts(later[name]));
        }
      });

      test(`${name} never counts a scrape`, async () => {
        const [own, same] = [ownListener(name), servicePort(name)];
        for (const [method, url, status] of [
          ...[own, same].flatMap((page): [string, string, number][] => [
            ['GET', page, 200],
            ['GET', `${page}?name[]=up`, 200],
            ['HEAD', page, 200],
          ]),
          // On the service's port, it is the service's.
          ['POST', own, 405] as const,
        ]) {
          const response = await fetch(url, { method });
          await response.text();
          assert.equal(response.status, status, `${method} ${url}`);
        }
        const now = await scrape(ownListener(name));
        assert.deepEqual(requestCounts(now), requestCounts(later[name]));
        const active = 'http_server_active_requests';
        assert.deepEqual(now.values(active, 'http_request_method'), later[name].values(active, 'http_request_method'));
      });
    }

    test('the metrics of databases and caches are there to compare', () => {
      const all = (counts: (page: MetricsPage) => Values): Values =>
        Object.fromEntries(
          serviceNames.flatMap((name) =>
            Object.entries(increase(counts(earlier[name]), counts(later[name]))).map(([key, value]) => [
              `${name} ${key}`,
              value,
            ]),
          ),
        );
      added[way] = { operations: all(databaseCounts), hits: all(cacheHits), misses: all(cacheMisses) };
      for (const values of Object.values(added[way])) assert.ok(Object.keys(values).length > 0);
    });
  });
}

test('database operations, hits and misses are counted alike with and without spans: nothing twice', () => {
  assert.deepEqual(added['with spans too'], added['with metrics alone']);
});
