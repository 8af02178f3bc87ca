'use strict';
// Blocks the event loop for 300 ms at each scrape, in a callback of its own, and says for how long in all.
const { metrics } = require('@opentelemetry/api');
const { serveSteps } = require('./steps.cjs');

let milliseconds = 0;
metrics
  .getMeter('app')
  .createObservableCounter('callback.time', { unit: 's' })
  .addCallback((result) => {
    const start = performance.now();
    while (performance.now() - start < 300);
    milliseconds += performance.now() - start;
    result.observe(milliseconds / 1000);
  });

serveSteps({});
