'use strict';
// An uncaught exception while the program is loaded, several modules deep.
require('./steps/thrower.cjs');
