'use strict';
// Preloaded in the place of the agent: the upstream instrumentations that UPSTREAM names, in an SDK as its users set it up.
const { createRequire } = require('node:module');
const net = require('node:net');
const { join } = require('node:path');

const auto = createRequire(
  createRequire(join(__dirname, '../../../otel/package.json')).resolve('@opentelemetry/auto-instrumentations-node'),
);
const { NodeSDK } = auto('@opentelemetry/sdk-node');
const { MetricReader } = createRequire(auto.resolve('@opentelemetry/sdk-node'))('@opentelemetry/sdk-metrics');

class AskedReader extends MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
}
const reader = new AskedReader();

// Spans are made, for routes are known from them alone, and go nowhere unless a variable says where.
const nowhere = { onStart() {}, onEnd() {}, shutdown: async () => {}, forceFlush: async () => {} };

const instrumentations = process.env.UPSTREAM.split(',').map((name) => {
  const exported = Object.entries(auto(`@opentelemetry/instrumentation-${name}`));
  const [, Instrumentation] = exported.find(([key]) => key.endsWith('Instrumentation'));
  return new Instrumentation();
});
new NodeSDK({
  instrumentations,
  metricReaders: [reader],
  ...(!process.env.OTEL_TRACES_EXPORTER && { spanProcessors: [nowhere] }),
  logRecordProcessors: [],
  autoDetectResources: false,
}).start();

/** All metrics as they are now: name, labels, value (of a histogram: number of observations) and boundaries of each series. */
async function points() {
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw errors[0];
  return resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({
        name: descriptor.name,
        unit: descriptor.unit,
        attributes,
        count: value.count ?? value,
        boundaries: value.buckets?.boundaries ?? [],
      })),
    );
}

// Over a connection that is no HTTP: nothing of what is compared counts it.
net
  .createServer(async (socket) => socket.on('error', () => {}).end(JSON.stringify(await points())))
  .listen(0, '127.0.0.1', function () {
    console.error(`upstream: points at 127.0.0.1:${this.address().port}`);
  })
  .unref();
