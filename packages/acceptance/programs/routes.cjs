'use strict';
const { listening } = require('./routes/listening.cjs');
const libraries = require('./libraries.cjs');

// One application of the same routes for each framework: node routes.cjs <framework> [variant].
const [framework, variant] = process.argv.slice(2);
listening(require(`./routes/${framework}.cjs`), async (name) => libraries(name), variant);
