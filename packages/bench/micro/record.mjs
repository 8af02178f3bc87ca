// What it costs to count one thing, in loops that take turns.

import { createRequire } from 'node:module';
import { attributes, labels, opentelemetry, ours, promClient } from './implementations.mjs';

const require = createRequire(import.meta.url);
const allocation = require('../programs/allocation.cjs');
const { KeyTree } = await import('@otel-register/cells');

const times = Number(process.env.BENCH_TIMES);
const operations = 100_000;
const routes = Array.from({ length: 8 }, (_, index) => `/routes/${index}`);
const durations = Array.from({ length: 1024 }, (_, index) => ((index * 7919) % 1024) / 4000);

const { cells, histogram } = await ours(2000);
const stock = opentelemetry(2000).histogram;
const byHand = promClient().histogram;

const counterCells = routes.map((route) =>
  cells.counter({ name: `requests${route}`, unit: '', description: '' }).bind(attributes(route)),
);
const histogramCells = routes.map((route) => histogram.bind(attributes(route)));
const children = routes.map((route) => byHand.labels(labels(route)));

const tree = KeyTree.bounded(2000);
for (const [index, route] of routes.entries())
  tree.child(route).child(200).child(undefined).value = histogramCells[index];

/** What is written out at each place is what an application, or a probe, writes there. @type {Record<string, (n: number) => void>} */
const loops = {
  'ours: counter.add, bound': (n) => {
    for (let i = 0; i < n; i++) counterCells[i & 7].add(1);
  },
  'ours: histogram.record, bound, 5 labels': (n) => {
    for (let i = 0; i < n; i++) histogramCells[i & 7].record(durations[i & 1023]);
  },
  'ours: cell found by route, status, outcome, then record': (n) => {
    for (let i = 0; i < n; i++) {
      tree
        .child(routes[i & 7])
        .child(200)
        .child(undefined)
        .value.record(durations[i & 1023]);
    }
  },
  'prom-client: observe, bound, 5 labels': (n) => {
    for (let i = 0; i < n; i++) children[i & 7].observe(durations[i & 1023]);
  },
  'prom-client: observe with 5 labels': (n) => {
    for (let i = 0; i < n; i++) {
      byHand.observe(
        {
          http_request_method: 'GET',
          http_route: routes[i & 7],
          http_response_status_code: 200,
          url_scheme: 'http',
          network_protocol_version: '1.1',
        },
        durations[i & 1023],
      );
    }
  },
  'OpenTelemetry SDK: record with 5 attributes': (n) => {
    for (let i = 0; i < n; i++) {
      stock.record(durations[i & 1023], {
        'http.request.method': 'GET',
        'http.route': routes[i & 7],
        'http.response.status_code': 200,
        'url.scheme': 'http',
        'network.protocol.version': '1.1',
      });
    }
  },
};

const results = Object.keys(loops).map((name) => ({ name, nanoseconds: [], allocatedBytes: 0 }));
for (const loop of Object.values(loops)) loop(operations);
for (let time = 0; time < times; time++) {
  for (const result of results) {
    const start = performance.now();
    loops[result.name](operations);
    result.nanoseconds.push(((performance.now() - start) * 1e6) / operations);
  }
}
for (const result of results) {
  globalThis.gc();
  allocation.start();
  loops[result.name](operations);
  result.allocatedBytes = allocation.stop().allocated / operations;
}
process.send(results);
