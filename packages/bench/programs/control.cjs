'use strict';

// Preloaded into every server of the bench, bare or not: answers what the process has used, over the channel to the bench.
// It does nothing between two questions.

const allocation = require('./allocation.cjs');

const answers = {
  /** CPU of all threads since the start in microseconds, resident memory in bytes. */
  usage: () => {
    const { user, system } = process.cpuUsage();
    return { cpu: user + system, rss: process.memoryUsage.rss() };
  },
  'start-allocation': () => allocation.start(),
  'stop-allocation': () => allocation.stop(),
};

process.on('message', (question) => {
  process.send(answers[question]() ?? {});
});
// The bench is gone: nobody else would end this process.
process.on('disconnect', () => process.exit());
