'use strict';
const libraries = require('./libraries.cjs');

const names = ['pino', 'winston', 'bunyan'];
require('./loggers.cjs')(Object.fromEntries(names.map((name) => [name, libraries(name)])));
