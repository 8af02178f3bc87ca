'use strict';
throw new Error('while it was loaded');
