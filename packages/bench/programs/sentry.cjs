'use strict';

// Sentry has no module of its own to preload: this is the file that its documentation has everybody write. The address
// and the sample rate come from SENTRY_DSN and SENTRY_TRACES_SAMPLE_RATE.

require('../peers/sentry/node_modules/@sentry/node').init();
