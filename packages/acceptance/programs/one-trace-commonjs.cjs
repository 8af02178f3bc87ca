'use strict';
const libraries = require('./libraries.cjs');

const names = ['express', 'pg', 'ioredis', 'redis', 'undici', 'amqplib'];
require('./one-trace.cjs')(Object.fromEntries(names.map((name) => [name, libraries(name)])));
