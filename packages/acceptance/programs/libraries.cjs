'use strict';
const { createRequire } = require('node:module');
const { join } = require('node:path');

/**
 * `require` and `require.resolve` of one of the sets of libraries that stand side by side in packages/acceptance/libraries:
 * the one that the environment variable LIBRARIES names, `current` unless it does.
 */
module.exports = createRequire(join(__dirname, '..', 'libraries', process.env.LIBRARIES ?? 'current', 'index.js'));
