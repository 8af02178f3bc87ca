'use strict';
// A service that stops and starts the agent again and again, and looks for what each time has left. Run with --expose-gc; it loads the
// agent itself, to see what the process is like before.
const diagnosticsChannel = require('node:diagnostics_channel');
const { EventEmitter, once } = require('node:events');
const { readdirSync } = require('node:fs');
const http = require('node:http');
const Module = require('node:module');
const net = require('node:net');
const { tmpdir } = require('node:os');
const { writeHeapSnapshot } = require('node:v8');
const { getEnvironmentData } = require('node:worker_threads');
const { serveSteps } = require('./steps.cjs');

const LIBRARIES = ['express', 'ioredis', 'pg', 'pino'];

/** In the place of what Node makes when it is first asked for it. */
const LAZY = 'lazy';

/** Every channel that somebody has asked for since, by its name. */
const channels = new Set();
for (const name of ['channel', 'subscribe']) {
  const original = diagnosticsChannel[name];
  diagnosticsChannel[name] = (channel, ...rest) => {
    channels.add(channel);
    return original(channel, ...rest);
  };
}

const untouched = methodsOfBuiltins();
const sources = methodsOfLibraries();
// The agent sees modules that are loaded after it.
for (const file of Object.keys(require.cache)) if (file.includes('node_modules')) delete require.cache[file];

const { start, stop } = require('../../../otel/register.js');
const express = require('express');
const { Redis } = require('ioredis');
const { Pool } = require('pg');
const log = require('pino')({ level: 'silent' });

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2, idleTimeoutMillis: 0 });
const redis = new Redis(process.env.REDIS_URL);
const app = express();
const server = app.listen(0, '127.0.0.1').unref();
// The same connection all the time.
server.keepAliveTimeout = 0;
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
let answerLater;

app.get('/orders/:id', async ({ params: { id } }, response) => {
  const { rows } = await pool.query('SELECT $1::int AS id', [id]);
  await redis.set(`order:${id}`, rows[0].id);
  log.info('served');
  response.json(rows[0]);
});
app.get('/later', (_, response) => {
  answerLater = () => response.end('late');
});
app.get('/wrong', () => {
  throw new Error('wrong');
});
app.use((_error, _request, response, _next) => response.status(500).end());

/** The functions that things have of their own and that instances of them inherit. */
function methodsOf(things, told = (method) => method) {
  const all = {};
  const add = (path, holder) => {
    for (const [key, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (get || typeof value === 'function') all[`${path}.${key}`] = get ? LAZY : told(value);
    }
  };
  for (const [name, thing] of Object.entries(things)) {
    add(name, thing);
    for (const [key, value] of Object.entries(thing)) if (value?.prototype) add(`${name}.${key}#`, value.prototype);
  }
  return all;
}

function methodsOfBuiltins() {
  const modules = { Module, modules: Module.prototype, http, https: require('node:https'), net, EventEmitter };
  return methodsOf({ ...modules, process, Atomics, globalThis, console });
}

/** Their code: another copy of the library has others that are alike. */
function methodsOfLibraries() {
  return methodsOf(Object.fromEntries(LIBRARIES.map((name) => [name, require(name)])), String);
}

/** The names of those that are not the same any more. */
function changed(before, now) {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => before[name] !== now[name] && before[name] !== LAZY);
}

async function ask(path, options = { port: server.address().port, agent }) {
  const [response] = await once(http.get({ ...options, host: '127.0.0.1', path }), 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return `${response.statusCode} ${text}`;
}

/** Starts the agent, has three requests served, and stops it: that so many times, with a scrape at the last one. */
async function rounds(count) {
  let served = 0;
  for (let i = 1; i <= count; i++) {
    start();
    start();
    for (const path of ['/orders/1', '/orders/2', '/wrong']) served += /^200 |^500 $/.test(await ask(path)) ? 1 : 0;
    if (i === count) return { served, page: await scrape() };
    await stop();
    await stop();
  }
}

/** It begins to listen a moment after the start. */
function scrape() {
  const options = { port: process.env.OTEL_EXPORTER_PROMETHEUS_PORT, agent: false };
  return until(() => ask('/metrics', options).then(withoutStatus, () => undefined));
}

const withoutStatus = (answer) => answer.replace(/^200 /, '');

async function until(find) {
  for (;;) {
    const found = await find();
    if (found) return found;
    await new Promise(setImmediate);
  }
}

const listenersOf = (emitter) => emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]);

function counted(names) {
  const counts = {};
  for (const name of names.sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function filesOf(folder) {
  return readdirSync(folder).flatMap((name) =>
    name.startsWith('otel-')
      ? readdirSync(`${folder}/${name}`).filter((file) => file.includes(`-${process.pid}-`))
      : [],
  );
}

/** What is left of the agent, which does not run. */
function left() {
  const free = Object.values(agent.freeSockets).flat();
  const holders = [process, server, ...free, pool, redis];
  return {
    changes: {
      builtins: changed(untouched, methodsOfBuiltins()),
      libraries: changed(sources, methodsOfLibraries()),
      subscribed: [...channels].filter((name) => diagnosticsChannel.hasSubscribers(name)),
      api: Object.keys(globalThis[Symbol.for('opentelemetry.js.api.1')] ?? {}),
      forThreads: getEnvironmentData('otel-register') ?? null,
      files: ['/dev/shm', tmpdir()].flatMap(filesOf),
    },
    resources: counted(process.getActiveResourcesInfo()),
    listeners: holders.map(listenersOf),
    properties: [...holders, globalThis].map((holder) => Reflect.ownKeys(holder).length),
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

serveSteps({
  fiftyRounds: () => rounds(50),
  order: () => ask('/orders/1'),
  start,
  stop,
  async restart() {
    const stopped = stop();
    start();
    await stopped;
  },
  async startAndStop() {
    start();
    const stopped = stop();
    start();
    stop();
    await stopped;
  },
  async stopInFlight() {
    const answered = ask('/later');
    await until(() => answerLater);
    await stop();
    answerLater();
    return answered;
  },
  left,
  snapshot() {
    for (let i = 0; i < 3; i++) globalThis.gc();
    return writeHeapSnapshot(`${tmpdir()}/stopped-${process.pid}.heapsnapshot`);
  },
});
