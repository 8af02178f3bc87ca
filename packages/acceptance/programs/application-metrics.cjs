'use strict';
// An application's own metrics, with all that can be wrong with their names, keys and values.
const { metrics } = require('@opentelemetry/api');
const { serveSteps } = require('./steps.cjs');

const app = metrics.getMeter('app', '1.0');
const other = metrics.getMeter('other');

const jobs = app.createCounter('jobs.done', { unit: '{job}', description: 'Jobs "done"\nand \\ counted.' });
jobs.add(3, { queue: 'a', 'a.b': 'x', a_b: 'y' });
jobs.add(4, { queue: 'b"\\\n😀\ud800', '1st': 'z', '': 'gone' });
other.createCounter('jobs.done').add(5, { queue: 'a', 'a.b': 'x', a_b: 'y' });

const duration = app.createHistogram('jobs.duration', { unit: 's' });
for (let i = 1; i <= 200; i++) duration.record(i / 100, { queue: 'a', le: 'mine' });
duration.record(0, { queue: 'b' });
app.createHistogram('change').record(-5);

app.createGauge('share', { unit: '1' }).record(Number.NaN, { queue: 'a' });
app.createUpDownCounter('depth', { unit: 'By' }).add(-7, { otel_scope_name: 'mine' });
app.createGauge('target.info').record(1);
app.createGauge('jobs.duration.seconds.bucket').record(1);
other.createGauge('jobs.duration', { unit: 's' }).record(1);
app.createCounter('foo.bar').add(1);
app.createCounter('foo_bar').add(2);
app.createCounter('foo-bar').add(3);

serveSteps({});
