'use strict';
const libraries = require('./libraries.cjs');
const { start } = require('./loggers.cjs');

start({ pino: libraries('pino'), winston: libraries('winston'), bunyan: libraries('bunyan') });
