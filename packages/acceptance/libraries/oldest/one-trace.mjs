import amqplib from 'amqplib';
import express from 'express';
import ioredis from 'ioredis';
import pg from 'pg';
import * as redis from 'redis';
import * as undici from 'undici';
import start from '../../programs/one-trace.cjs';

start({ amqplib, express, ioredis, pg, redis, undici });
