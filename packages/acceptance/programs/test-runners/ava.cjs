'use strict';
const { isMainThread } = require('node:worker_threads');
const test = require('../libraries.cjs')('ava');

test('runs in a worker thread', (t) => t.false(isMainThread));
test('fails', (t) => t.is(1, 2));
