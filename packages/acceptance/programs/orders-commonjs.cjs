'use strict';
const libraries = require('./libraries.cjs');
const { start } = require('./orders.cjs');

const { createClient } = libraries('redis');
start({ express: libraries('express'), pg: libraries('pg'), Redis: libraries('ioredis'), createClient });
