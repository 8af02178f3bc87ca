'use strict';
// Metrics of prom-client whose `collect` fails in every way that it can, and one in two registries.
const { Counter, Gauge, Registry } = require('./libraries.cjs')('prom-client');
const { serveSteps } = require('./steps.cjs');

const called = {};
let comeBack;

function gauge(name, collect) {
  called[name] = 0;
  new Gauge({
    name,
    help: 'What is known when it is asked for.',
    collect() {
      called[name]++;
      return collect(this);
    },
  });
}

gauge('fine', (metric) => metric.set(1));
gauge('fine_later', async (metric) => metric.set(await Promise.resolve(2)));
gauge('throwing', () => {
  throw new Error('no such table');
});
gauge('rejecting', () => Promise.reject(new Error('no connection')));
gauge(
  'hanging',
  (metric) =>
    new Promise((resolve) => {
      comeBack = () => resolve(metric.set(3));
    }),
);
for (const value of [5, 6]) {
  const registers = [new Registry()];
  const counter = new Counter({ name: 'twice', help: 'In two registries.', labelNames: ['of'], registers });
  counter.inc({ of: 'both' }, value);
  counter.inc({ of: `only ${value}` });
}

serveSteps({
  comeBack: () => comeBack(),
  called: () => called,
});
