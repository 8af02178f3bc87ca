'use strict';
const { isMainThread } = require('node:worker_threads');
const { expect, test } = globalThis;

test('runs in a worker thread', () => expect(isMainThread).toBe(false));
test('fails', () => expect(1).toBe(2));
