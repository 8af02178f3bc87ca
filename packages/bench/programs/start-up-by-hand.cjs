'use strict';

// start-up.cjs, with what a service loads that measures itself by hand.

require('../peers/prom-client/node_modules/express-prom-bundle');
require('../peers/prom-client/node_modules/prom-client').collectDefaultMetrics();
require('./start-up.cjs');
