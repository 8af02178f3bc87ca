import express from 'express';
import Redis from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { start } from '../../programs/orders.cjs';

// As programs/orders-commonjs.cjs, with the libraries imported.
start({ express, pg, Redis, createClient });
