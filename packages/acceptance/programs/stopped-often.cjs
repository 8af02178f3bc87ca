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
const { getEnvironmentData } = require('node:worker_threads');
const { serveSteps } = require('./steps.cjs');

const LIBRARIES = ['express', 'ioredis', 'pg', 'pino'];

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

const BUILTINS = {
  process,
  Module,
  http,
  https: require('node:https'),
  net,
  EventEmitter,
  Atomics,
  globalThis,
  console,
};
const untouched = { ...methodsOf(BUILTINS), ...methodsOf({ proto: Module.prototype }) };
const sources = methodsOfLibraries((method) => String(method));
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
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
let answerLater = () => {};

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

function methodsOfLibraries(told) {
  return methodsOf(Object.fromEntries(LIBRARIES.map((name) => [name, require(name)])), told);
}

/** The names of those that are not the same any more, but for what Node puts there when it is first asked for. */
function changed(before, now) {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => before[name] !== now[name] && before[name] !== LAZY);
}

async function ask(path) {
  const [response] = await once(http.get({ port: server.address().port, host: '127.0.0.1', agent, path }), 'response');
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

async function scrape() {
  const url = `http://127.0.0.1:${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`;
  for (;;) {
    try {
      return await (await fetch(url, { headers: { connection: 'close' } })).text();
    } catch {
      // It begins to listen a moment after the start.
      await new Promise(setImmediate);
    }
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
  const prototype = methodsOf({ proto: Module.prototype });
  return {
    resources: counted(process.getActiveResourcesInfo()),
    listeners: [process, server, ...free, pool, redis].map(listenersOf),
    symbols: [process, server, ...free, pool, redis, globalThis].map((holder) => Reflect.ownKeys(holder).length),
    changedBuiltins: changed(untouched, { ...methodsOf(BUILTINS), ...prototype }),
    changedLibraries: changed(
      sources,
      methodsOfLibraries((method) => String(method)),
    ),
    subscribed: [...channels].filter((name) => diagnosticsChannel.hasSubscribers(name)),
    api: Object.keys(globalThis[Symbol.for('opentelemetry.js.api.1')] ?? {}),
    forThreads: getEnvironmentData('otel-register') ?? null,
    files: ['/dev/shm', tmpdir()].flatMap(filesOf),
  };
}

serveSteps({
  rounds: () => rounds(100),
  tenRounds: () => rounds(10),
  scrape,
  stop,
  start,
  left,
  open: () => readdirSync('/proc/self/fd').length,
  heap() {
    for (let i = 0; i < 4; i++) globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
  snapshot: () => require('node:v8').writeHeapSnapshot(`/tmp/stop-${process.pid}.heapsnapshot`),
  async stopInFlight() {
    const answered = ask('/later');
    while (String(answerLater) === '() => {}') await new Promise(setImmediate);
    await stop();
    answerLater();
    return answered;
  },
});
