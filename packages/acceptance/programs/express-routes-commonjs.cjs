'use strict';
const express = require('express');
const { listen, routes } = require('./express-routes.cjs');

listen(routes(express));
