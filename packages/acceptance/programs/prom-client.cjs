'use strict';
// A service that counts with prom-client in every way that there is: in the global registry and in one of its own, which has
// labels for all its metrics. `start(client)` for who has imported it.
const { serveSteps } = require('./steps.cjs');

function start(client) {
  const { Counter, Gauge, Histogram, Registry, Summary, register } = client;
  const own = new Registry();
  own.setDefaultLabels({ zone: 'eu', shop: 'all' });

  const jobs = new Counter({ name: 'jobs', help: 'Jobs of "all"\nworkers.', labelNames: ['queue__name', '_id'] });
  jobs.inc({ queue__name: 'a"b\\c\nd', _id: 7 }, 2);
  jobs.inc({ queue__name: 'é😀', _id: undefined });
  jobs.inc({ queue__name: 'only' }, 0.5);
  new Counter({ name: 'jobs__done_total', help: 'Jobs that are done.', registers: [register, new Registry()] }).inc(3);

  const temperature = new Gauge({ name: 'temperature:celsius', help: 'How warm it is.', labelNames: ['room'] });
  temperature.set({ room: 'cold' }, -3.5);
  temperature.set({ room: 'sun' }, Number.POSITIVE_INFINITY);
  const waiting = new Gauge({ name: 'waiting', help: 'Who waits.', registers: [own], labelNames: ['shop'] });
  waiting.inc({ shop: 'one' }, 5);
  waiting.dec({ shop: 'one' }, 2);
  new Gauge({
    name: 'observed',
    help: 'What is known when it is asked for.',
    async collect() {
      this.set(await Promise.resolve(42));
    },
  });

  const seconds = { name: 'job_seconds', help: 'Time of jobs.', labelNames: ['queue'] };
  const histogram = new Histogram(seconds);
  for (const value of [0.001, 0.005, 0.3, 2, 99]) histogram.observe({ queue: 'a' }, value);
  new Histogram({ name: 'plain_seconds', help: 'Time.', buckets: [1, 2], registers: [own] }).observe(1.5);
  const summary = new Summary({ name: 'job_bytes', help: 'Sizes of jobs.', labelNames: ['queue'] });
  for (let size = 1; size <= 50; size++) summary.observe({ queue: 'a' }, size);
  new Summary({ name: 'few_bytes', help: 'Sizes.', percentiles: [0.5], registers: [own] });

  const byHand = new Counter({ name: 'by_hand_total', help: 'Registered by hand.', registers: [] });
  own.registerMetric(byHand);
  new Counter({ name: 'gone', help: 'Not there any more.' }).inc();
  register.removeSingleMetric('gone');
  Registry.merge([register, new Registry()]);

  serveSteps({
    /** What prom-client shows itself. */
    pages: () => Promise.all([register, own].map((registry) => registry.metrics())),
    collectDefaults: () => client.collectDefaultMetrics(),
    replace() {
      own.clear();
      new Counter({ name: 'by_hand_total', help: 'In its place.', registers: [own] }).inc(9);
      own.setDefaultLabels({ zone: 'us' });
    },
    /** What prom-client takes and cannot show. */
    unshowable() {
      const registry = new Registry();
      registry.setDefaultLabels({ bad: Object.create(null) });
      new Counter({ name: 'unshowable', help: 'Has a label that is no text.', registers: [registry] });
      new Counter({ name: 'helpless', help: 7, registers: [own] });
    },
    foreign: () => own.registerMetric({ name: 'foreign', get: () => ({ name: 'foreign', values: [] }) }),
    overridden() {
      const gauge = new Gauge({ name: 'overridden', help: 'Set by a get of its own.' });
      const { get } = gauge;
      gauge.get = () => {
        gauge.set(8);
        return get.call(gauge);
      };
    },
    oddBuckets() {
      const buckets = [5, 1, 1, Number.POSITIVE_INFINITY];
      const odd = new Histogram({ name: 'odd_seconds', help: 'Time.', buckets });
      odd.observe(3);
      odd.observe(7);
    },
    openMetrics() {
      const registry = new Registry(client.openMetricsContentType);
      const of = { enableExemplars: true, registers: [registry] };
      const counter = new Counter({ name: 'orders', help: 'Orders.', ...of });
      counter.inc({ value: 2, exemplarLabels: { traceId: 'abc', user: 7 } });
      const histogram = new Histogram({ name: 'order_seconds', help: 'Time.', buckets: [1], ...of });
      histogram.observe({ value: 3, exemplarLabels: { traceId: 'def' } });
      return registry.metrics();
    },
  });
}

if (require.main === module) start(require('./libraries.cjs')('prom-client'));
else module.exports = start;
