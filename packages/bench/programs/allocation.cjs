'use strict';

// What the JavaScript heap was asked for, exact on every Node.js: the heap grows by allocation alone, so what was allocated is
// the growth between each garbage collection's end and the next one's start. V8's profiler of collections has both ends, and
// how long each one held the program up. Memory outside the heap, such as the bytes of large buffers, is not in it.

const { GCProfiler, getHeapStatistics } = require('node:v8');

let profiler;
let usedAtStart = 0;

function start() {
  profiler = new GCProfiler();
  profiler.start();
  usedAtStart = getHeapStatistics().used_heap_size;
}

/** @returns {{ allocated: number, collecting: number }} bytes, and microseconds in which collections held the program up */
function stop() {
  const usedAtEnd = getHeapStatistics().used_heap_size;
  const { statistics } = profiler.stop();
  let allocated = 0;
  let collecting = 0;
  let used = usedAtStart;
  for (const { beforeGC, afterGC, cost } of statistics) {
    allocated += beforeGC.heapStatistics.usedHeapSize - used;
    used = afterGC.heapStatistics.usedHeapSize;
    collecting += cost;
  }
  return { allocated: allocated + usedAtEnd - used, collecting };
}

module.exports = { start, stop };
