'use strict';
const express = require('./libraries.cjs')('express');
const { listen, routes } = require('./express-routes.cjs');

listen(routes(express));
