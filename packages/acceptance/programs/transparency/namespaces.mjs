// What an ES module imports: the same objects as by require, with the names that they export.

import * as events from 'node:events';
import http, * as httpNamespace from 'node:http';
import { createRequire, isBuiltin } from 'node:module';
import express, * as expressNamespace from 'express';

import ioredis, * as redisNamespace from 'ioredis';
import pg, * as pgNamespace from 'pg';

const require = createRequire(import.meta.url);
const [plain, plainEvents] = ['http', 'events'];
const { request, ServerResponse, createServer } = await import(plain);
const tell = (name, namespace) => {
  console.log(
    name,
    Object.keys(namespace).join(),
    Object.prototype.toString.call(namespace),
    Object.isFrozen(namespace),
  );
  console.log(Object.values(Object.getOwnPropertyDescriptors(namespace)).every(({ writable }) => writable));
};
console.log(http === require('node:http'), request === require(plain).request, createServer === http.createServer);
console.log(httpNamespace.default === http, httpNamespace.ServerResponse === ServerResponse, isBuiltin('http'));
console.log(events.EventEmitter === require(plainEvents), (await import('node:http')) === httpNamespace);
console.log(pg === require('pg'), ioredis === require('ioredis').default, express === require('express'));
tell('http', httpNamespace);
tell('events', events);
tell('pg', pgNamespace);
tell('ioredis', redisNamespace);
tell('express', expressNamespace);
console.log(Object.keys(import.meta).join(), typeof import.meta.resolve('pg'));
try {
  httpNamespace.request = 1;
} catch (error) {
  console.log(error.message);
}
