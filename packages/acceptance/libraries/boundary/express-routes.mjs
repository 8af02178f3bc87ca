import express from 'express';
import { listen, routes } from '../../programs/express-routes.cjs';

listen(routes(express));
