'use strict';
// Collects garbage when told to: run with --expose-gc.
const { serveSteps } = require('./steps.cjs');

serveSteps({
  collect() {
    for (let i = 0; i < 25; i++) global.gc();
  },
  block() {
    const end = performance.now() + 200;
    while (performance.now() < end);
  },
});
