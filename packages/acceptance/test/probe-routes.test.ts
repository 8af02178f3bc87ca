import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { requestCounts } from './support/metrics-page.ts';
import { nodeMajor, type Program, runProgram, startProgram } from './support/program.ts';
import { rawConnection } from './support/raw-connection.ts';
import { until } from './support/until.ts';

type Framework = 'fastify' | 'koa' | 'hapi' | 'hono' | 'restify' | 'nest';

/** What is expected of all frameworks, and of those that differ. */
type Expected<T> = T | ({ all: T } & Partial<Record<Framework, T>>);

const USER = { all: '/users/:id', hapi: '/users/{id}' };
const ITEM = { all: '/shop/area/items/:item', hapi: '/shop/area/items/{item}' };

/** A request, and the route and the status that it is to be counted under. The patterns of wildcards differ by version. */
const TABLE: [request: string, route: Expected<string>, status: Expected<number>][] = [
  ['GET /', '/', 200],
  ['GET /users/7', USER, 200],
  ['GET /users/8?tab=1', USER, 200],
  ['HEAD /users/7', USER, 200],
  ['GET /users/7/files/a/b', { all: '/users/:id/files/*', hapi: '/users/{id}/files/{path*}' }, 200],
  ['GET /throws/7', { all: '/throws/:id', hapi: '/throws/{id}' }, 500],
  ['POST /validated/x', { all: '/validated/:id', hapi: '/validated/{id}' }, 400],
  ['GET /denied/7', { all: '/denied/:id', hapi: '/denied/{id}' }, { all: 401, nest: 403 }],
  ['GET /shop/area/items/3', ITEM, 200],
  ['POST /shop/area/items', '/shop/area/items', { all: 200, nest: 201 }],
  ['DELETE /shop/area/items', '–', { all: 404, koa: 405, restify: 405 }],
  ['GET /shop/area/nothing', '–', 404],
  ['GET /users/7/nothing', '–', 404],
  ['GET /nothing/at/all', '–', 404],
];

/** What not every framework can express. */
const OWN: Record<Framework, [request: string, route: string, status: number][]> = {
  fastify: [
    ['GET /shop/area/items/3?closed=1', '/shop/area/items/:item', 403],
    ['GET /shop/nothing?closed=1', '–', 403],
    ['GET /years/2024', '/years/:year(^\\d{4}$)', 200],
    ['GET /years/none', '–', 404],
    ['GET /users/%E0%A4%A', '–', 400],
  ],
  koa: [['GET /shop/area/items/3?closed=1', '/shop/area/items/:item', 403]],
  hapi: [['GET /shop/area/items/3?closed=1', '/shop/area/items/{item}', 403]],
  hono: [
    ['GET /shop/area/items/3?closed=1', '/shop/area/items/:item', 403],
    ['GET /shop/nothing?closed=1', '–', 403],
    ['GET /years/2024', '/years/:year{[0-9]{4}}', 200],
    ['GET /years/none', '–', 404],
    ['GET /answered/7', '–', 200],
    ['PUT /any', '/any', 200],
  ],
  restify: [
    ['GET /shop/area/items/3?closed=1', '/shop/area/items/:item', 403],
    ['GET /years/2024', '/years/:year(^\\d{4}$)', 200],
    ['GET /years/none', '–', 404],
  ],
  nest: [
    ['GET /v1/versioned/7', '/v1/versioned/:id', 200],
    ['GET /v2/versioned/7', '/v2/versioned/:id', 200],
    ['GET /v3/versioned/7', '–', 404],
  ],
};

interface Application {
  readonly framework: Framework;
  readonly library: string;
  readonly libraries: 'current' | 'between' | 'boundary' | 'oldest';
  readonly variant?: string;
  /** The pattern of the wildcard's route. */
  readonly wildcard?: string;
  /** Before all paths. */
  readonly prefix?: string;
  readonly more?: [request: string, route: string, status: number][];
}

const KOA_3_ROUTES: Application['more'] = [
  ['GET /years/2024', '/^\\/years\\/\\d{4}$/', 200],
  ['GET /mounted/own/7', '/mounted/own/:id', 200],
  ['GET /mounted/inner/deep/7', '/mounted/inner/deep/:id', 200],
  ['GET /mounted/past/7', '/mounted/past/:id', 200],
  ['GET /mounted/none', '–', 404],
];

const nest = (platform: string, wildcard: string) =>
  ({ framework: 'nest', variant: platform, wildcard: `/users/:id/files/${wildcard}`, prefix: '/api' }) as const;

const APPLICATIONS: Application[] = [
  { framework: 'fastify', library: 'Fastify 5', libraries: 'current' },
  { framework: 'fastify', library: 'Fastify 5.0', libraries: 'between' },
  { framework: 'fastify', library: 'Fastify 4.29', libraries: 'boundary' },
  { framework: 'fastify', library: 'Fastify 4.10', libraries: 'oldest' },
  {
    ...{ framework: 'koa', library: 'Koa 3 with @koa/router 15 and koa-mount', libraries: 'current' },
    ...{ wildcard: '/users/:id/files/{*rest}', more: KOA_3_ROUTES },
  },
  {
    ...{ framework: 'koa', library: 'Koa 2 with @koa/router 12', libraries: 'oldest', variant: 'oldest' },
    ...{ wildcard: '/users/:id/files/(.*)', more: [['GET /years/2024', '/years/:year(\\d{4})', 200]] },
  },
  { framework: 'hapi', library: 'Hapi 21', libraries: 'current' },
  { framework: 'hapi', library: 'Hapi 20', libraries: 'oldest' },
  { framework: 'hono', library: 'Hono 4', libraries: 'current' },
  { framework: 'hono', library: 'Hono 3.11', libraries: 'oldest' },
  { framework: 'restify', library: 'Restify 12', libraries: 'current' },
  { framework: 'restify', library: 'Restify 11', libraries: 'oldest' },
  { library: 'NestJS 12 on Express', libraries: 'current', ...nest('express', '*path') },
  { library: 'NestJS 12 on Fastify', libraries: 'current', ...nest('fastify', '*') },
  { library: 'NestJS 11 on Express', libraries: 'between', ...nest('express', '*path') },
  { library: 'NestJS 11 on Fastify', libraries: 'between', ...nest('fastify', '*') },
  { library: 'NestJS 10 on Express', libraries: 'oldest', ...nest('express-oldest', '*') },
  { library: 'NestJS 10 on Fastify', libraries: 'oldest', ...nest('fastify-oldest', '*') },
];

for (const application of APPLICATIONS) {
  for (const module of ['CommonJS', 'ES module'] as const) {
    const skip = reasonToSkip(application, module);
    test(`${application.library}, ${module}: every route is counted under its whole pattern`, { skip }, (t) =>
      whole(application, module, (stop) => t.after(stop)),
    );
  }
}

for (const [version, libraries] of [
  ['12', 'current'],
  ['11', 'between'],
]) {
  for (const platform of ['express', 'fastify']) {
    test(`NestJS ${version} on ${platform}: versions that a header tells are counted under the route of their version`, async (t) => {
      const env = { LIBRARIES: libraries ?? '' };
      const service = await startProgram('routes.cjs', { args: ['nest', `${platform}-header`], env });
      t.after(() => service.stop());
      const get = async (version: string) => {
        const response = await fetch(`${service.url}/api/versioned/7`, { headers: { 'x-version': version } });
        await response.text();
        return response.status;
      };
      assert.deepEqual([await get('1'), await get('2'), await get('4'), await get('3')], [200, 200, 200, 404]);
      const counted = requestCounts(await service.scrape());
      assert.deepEqual(counted, {
        'GET /api/versioned/:id 200': 2,
        'GET /api/versioned/:name 200': 1,
        // Fastify chooses by version; on Express each route is asked, and the last one has passed the request on.
        [`GET ${platform === 'express' ? '/api/versioned/:name' : '–'} 404`]: 1,
      });
    });
  }
}

test('a version that is not known is left alone, which is said once at log level info', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'unknown-version-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = {
    'node_modules/@hapi/hapi/package.json': '{ "version": "99.1.0", "main": "lib/index.js" }',
    'node_modules/@hapi/hapi/lib/index.js': "module.exports = require('./request');",
    'node_modules/@hapi/hapi/lib/request.js': 'module.exports = class { _lookup() {} };',
    'main.js': `
      const { prototype } = require('@hapi/hapi');
      console.log(prototype._lookup.toString());
      const channel = require('node:diagnostics_channel').channel('fastify.initialization');
      for (let i = 0; i < 2; i++) channel.publish({ fastify: { version: '6.0.1' } });`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const run = async (level: string) => runProgram(join(folder, 'main.js'), { env: { OTEL_LOG_LEVEL: level } });
  const { stdout, stderr } = await run('info');
  assert.equal(stdout, '_lookup() {}\n');
  assert.equal(stderr.match(/does not know @hapi\/hapi 99\.1\.0/g)?.length, 1, stderr);
  assert.equal(stderr.match(/does not know fastify 6\.0\.1/g)?.length, 1, stderr);
  assert.doesNotMatch((await run('warn')).stderr, /does not know/);
});

async function whole(application: Application, module: 'CommonJS' | 'ES module', after: (stop: () => unknown) => void) {
  const { framework, prefix = '', wildcard } = application;
  const service = await start(application, module);
  after(() => service.stop());
  const expected: Record<string, number> = {};
  const count = (key: string) => {
    expected[key] = (expected[key] ?? 0) + 1;
  };

  const own = [...OWN[framework], ...(application.more ?? [])];
  for (const [request, route, status] of [...TABLE, ...own]) {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(`${service.url}${withPrefix(prefix, path)}`, { method });
    await response.text();
    assert.equal(response.status, of(framework, status), request);
    const isWildcard = path === '/users/7/files/a/b' && wildcard !== undefined;
    count(`${method} ${withPrefix(prefix, isWildcard ? wildcard : of(framework, route))} ${of(framework, status)}`);
  }

  const client = await rawConnection(service.url);
  client.send(`GET ${prefix}/hold/7`);
  await until('one in flight', async () => inFlight(await service.scrapeNow()) === 1);
  await client.destroy();
  count(`GET ${prefix}/hold/${framework === 'hapi' ? '{id}' : ':id'} –`);

  assert.deepEqual(requestCounts(await service.scrape()), expected);
  await service.stop();
  assert.doesNotMatch(service.stderr(), /failed/);
}

function start({ framework, libraries, variant }: Application, module: string): Promise<Program> {
  const args = [framework, ...(variant === undefined ? [] : [variant])];
  const program = module === 'CommonJS' ? 'routes.cjs' : `../libraries/${libraries}/routes.mjs`;
  // The libraries of today use nothing of Node.js that is deprecated, and neither does the agent.
  const nodeArguments = ['-r', './otel/register', ...(libraries === 'current' ? ['--throw-deprecation'] : [])];
  return startProgram(program, { args, nodeArguments, env: { LIBRARIES: libraries, NODE_ENV: 'test' } });
}

function reasonToSkip({ library, libraries }: Application, module: string): string | false {
  if (library === 'Restify 11' && nodeMajor >= 24) return 'it needs an older Node.js';
  if (library === 'Restify 12' && nodeMajor < 22) return 'it needs Node.js 22';
  if (libraries === 'boundary' && module === 'ES module') return 'as that of the other versions';
  return false;
}

function of<T>(framework: Framework, expected: Expected<T>): T {
  const { all, [framework]: own } = (typeof expected === 'object' ? expected : { all: expected }) as {
    all: T;
  } & Partial<Record<Framework, T>>;
  return own ?? all;
}

const withPrefix = (prefix: string, route: string) =>
  route === '–' ? route : `${prefix}${route === '/' && prefix ? '' : route}`;

const inFlight = (page: Awaited<ReturnType<Program['scrapeNow']>>) =>
  page.values('http_server_active_requests', 'http_request_method').GET;
