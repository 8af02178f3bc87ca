'use strict';
// A single file is run without a thread.
require('./jest-one.cjs');
