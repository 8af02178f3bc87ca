import express from 'express';
import { listen, routes } from './express-routes.cjs';

listen(routes(express));
