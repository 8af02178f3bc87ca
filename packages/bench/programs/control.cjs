'use strict';

// Preloaded into every server of the bench, bare or not: answers what the process has used, over the channel to the bench.
// It does nothing between two questions.

const allocation = require('./allocation.cjs');

const answers = {
  /** Of all threads since the start, in microseconds. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory: () => {
    const { getHeapStatistics, setFlagsFromString } = require('node:v8');
    const { total_physical_size: heapHeld, peak_malloced_memory: allocatedByV8 } = getHeapStatistics();
    const resident = process.memoryUsage.rss();
    setFlagsFromString('--expose-gc');
    require('node:vm').runInNewContext('gc')();
    return { resident, heapInUse: getHeapStatistics().used_heap_size, heapHeld, allocatedByV8 };
  },
  'start-allocation': () => allocation.start(),
  'stop-allocation': () => allocation.stop(),
};

process.on('message', (question) => {
  process.send(answers[question]() ?? {});
});
// The bench is gone: nobody else would end this process.
process.on('disconnect', () => process.exit());
