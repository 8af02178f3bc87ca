// One histogram of request durations, as the agent, stock OpenTelemetry and prom-client make it.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const OPTIONS = { name: 'http.server.request.duration', unit: 's', description: 'Duration of HTTP server requests.' };

/** @param {string} route */
export function attributes(route) {
  return {
    'http.request.method': 'GET',
    'http.route': route,
    'http.response.status_code': 200,
    'url.scheme': 'http',
    'network.protocol.version': '1.1',
  };
}

/** @param {string} route */
export function labels(route) {
  return {
    http_request_method: 'GET',
    http_route: route,
    http_response_status_code: 200,
    url_scheme: 'http',
    network_protocol_version: '1.1',
  };
}

/** @param {number} limit */
export async function ours(limit) {
  const { CellRegistry } = await import('@otel-register/cells');
  const { pageFormats } = await import('@otel-register/exposition');
  const { ChunkPool, inSlices } = await import('@otel-register/listener');
  const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
  const { MeterProvider } = require('@opentelemetry/sdk-metrics');
  const cells = new CellRegistry({ scope: 'bench', cardinalityLimit: limit });
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers: [cells.liveProducer()] });
  new MeterProvider({ readers: [reader] });
  const [text] = pageFormats(() => {}).slice(-1);
  return {
    cells,
    histogram: cells.histogram({ ...OPTIONS, boundaries: BOUNDARIES }),
    /** @param {(chunk: string | Uint8Array) => void} use */
    page: async (use) => {
      const { resourceMetrics } = await reader.collect();
      const memory = new ChunkPool();
      for await (const chunk of inSlices(text.render(resourceMetrics, memory.allocate))) {
        if (chunk.length === 0) continue;
        use(chunk);
        memory.release(chunk);
      }
    },
  };
}

/** @param {number} limit */
export function opentelemetry(limit) {
  const stock = '../peers/opentelemetry/node_modules/@opentelemetry';
  const { PrometheusExporter, PrometheusSerializer } = require(`${stock}/exporter-prometheus`);
  const { MeterProvider } = require(`${stock}/sdk-metrics`);
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    readers: [reader],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: limit }],
  });
  const serializer = new PrometheusSerializer();
  return {
    histogram: provider.getMeter('bench').createHistogram(OPTIONS.name, {
      ...OPTIONS,
      advice: { explicitBucketBoundaries: BOUNDARIES },
    }),
    /** @param {(chunk: string | Uint8Array) => void} use */
    page: async (use) => use(serializer.serialize((await reader.collect()).resourceMetrics)),
  };
}

export function promClient() {
  const { Histogram, Registry } = require('../peers/prom-client/node_modules/prom-client');
  const registry = new Registry();
  return {
    histogram: new Histogram({
      name: 'http_server_request_duration_seconds',
      help: OPTIONS.description,
      labelNames: Object.keys(labels('')),
      buckets: BOUNDARIES,
      registers: [registry],
    }),
    /** @param {(chunk: string | Uint8Array) => void} use */
    page: async (use) => use(await registry.metrics()),
  };
}
