'use strict';

// The name that the OpenTelemetry operator puts into NODE_OPTIONS.
require('./register.js');
