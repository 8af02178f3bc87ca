'use strict';
// An application's own observed metrics, whose callbacks fail in every way that they can.
const { metrics } = require('@opentelemetry/api');
const { serveSteps } = require('./steps.cjs');

const meter = metrics.getMeter('app');
const called = {};
let comeBack;

function gauge(name, observe) {
  called[name] = 0;
  meter.createObservableGauge(name).addCallback((result) => {
    called[name]++;
    return observe(result);
  });
}

gauge('fine', (result) => result.observe(1));
gauge('fine.later', async (result) => result.observe(2));
gauge('throwing', () => {
  throw new Error('no such table');
});
gauge('rejecting', () => Promise.reject(new Error('no connection')));
gauge(
  'hanging',
  (result) =>
    new Promise((resolve) => {
      comeBack = () => resolve(result.observe(3));
    }),
);
const [one, other] = ['batch.one', 'batch.other'].map((name) => meter.createObservableCounter(name));
meter.addBatchObservableCallback(() => new Promise(() => {}), [one, other]);
const removed = () => {
  throw new Error('removed');
};
one.addCallback(removed);
one.removeCallback(removed);

serveSteps({
  comeBack: () => comeBack(),
  called: () => called,
});
