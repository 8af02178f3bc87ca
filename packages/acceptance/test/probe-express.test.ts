import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MetricsPage, requestCounts } from './support/metrics-page.ts';
import { startProgram } from './support/program.ts';

/** A request, and the route and the status that it is to be counted under. */
const TABLE: [request: string, route: string, status: number][] = [
  ['GET /', '/', 200],
  ['GET /users/7', '/users/:id', 200],
  ['HEAD /users/7', '/users/:id', 200],
  ['GET /users/7?tab=1', '/users/:id', 200],
  ['GET /users/%E0%A4%A', '–', 500],
  ['GET /users/7/files/a/b', '/users/:id/files/*path', 200],
  ['GET /optional', '/optional{/:part}', 200],
  ['GET /optional/x', '/optional{/:part}', 200],
  ['GET /items', '/items', 200],
  ['POST /items', '/items', 200],
  ['DELETE /items', '–', 404],
  ['OPTIONS /items', '–', 200],
  ['PUT /any', '/any', 200],
  ['GET /one', '/one|/two/:id', 200],
  ['GET /two/7', '/one|/two/:id', 200],
  ['GET /fly', '/^\\/fly$/', 200],
  ['GET /async/7', '/async/:id', 200],
  ['GET /twice/7', '/twice/:id', 200],
  ['GET /throws/7', '/throws/:id', 500],
  ['GET /rejects/7', '/rejects/:id', 500],
  ['GET /next/7', '/next/:id', 500],
  ['GET /passed/7', '/passed/*rest', 200],
  ['GET /leaving/7', '/leaving/:other', 200],
  ['GET /trees/1/own', '/trees/:tree/own', 200],
  ['GET /trees/1/branches/2', '/trees/:tree/branches/:branch', 200],
  ['GET /trees/1/branches/2/', '/trees/:tree/branches/:branch', 200],
  ['GET /trees/1/branches/2/leaves/3', '/trees/:tree/branches/:branch/leaves/:leaf', 200],
  ['GET /shared/leaves/3', '/shared/leaves/:leaf', 200],
  ['GET /shared/again/leaves/3', '/shared/again/leaves/:leaf', 200],
  ['GET /wrapped/leaves/3', '/wrapped/leaves/:leaf', 200],
  ['GET /left/leaves/3', '/left|/right/leaves/:leaf', 200],
  ['GET /slash/leaves/3', '/slash/leaves/:leaf', 200],
  ['GET /from-root/7', '/from-root/:id', 200],
  ['GET /guarded/leaves/3?key=1', '/guarded/leaves/:leaf', 200],
  ['GET /guarded/leaves/3', '–', 401],
  ['GET /twofold/here', '/twofold/here', 200],
  ['GET /twofold/there', '/twofold/:id', 200],
  ['GET /api/v1/leaves/3', '/api/v1/leaves/:leaf', 200],
  ['GET /area/inner/leaves/3', '/area/inner/leaves/:leaf', 200],
  ['GET /sub/things/7', '/sub/things/:id', 200],
  ['GET /sub/inner/deep/7', '/sub/inner/deep/:id', 200],
  ['GET /sub/nothing', '–', 404],
  ['GET /loaded/7', '/loaded/:id', 200],
  ['GET /loaded/none', '/loaded/:id', 404],
  ['GET /loaded/bad', '/loaded/:id', 500],
  ['GET /trees/1/nothing', '–', 404],
  ['GET /shared/nothing', '–', 404],
  ['GET /nothing/at/all', '–', 404],
  ['GET /answered/7', '–', 200],
  ['GET /static/file.txt', '–', 200],
  ['GET /static/none.txt', '–', 404],
];

/** What the syntax of Express 4 is for patterns of Express 5. */
const EXPRESS_4: Record<string, string> = {
  '/users/:id/files/*path': '/users/:id/files/*',
  '/optional{/:part}': '/optional/:part?',
  '/passed/*rest': '/passed/*',
};

const VERSIONS = [
  ['Express 5 with router 2.3', 'current'],
  ['Express 5 with router 2.2, before its channels', 'boundary'],
  ['Express 4', 'oldest'],
] as const;

for (const [version, libraries] of VERSIONS) {
  test(`every kind of route is counted once under its whole pattern, and what has none under none (${version})`, (t) =>
    whole('express-routes-commonjs.cjs', libraries, (stop) => t.after(stop)));

  test(`so it is where Express is imported (${version})`, (t) =>
    whole(`../libraries/${libraries}/express-routes.mjs`, libraries, (stop) => t.after(stop)));
}

async function whole(program: string, libraries: string, after: (stop: () => unknown) => void) {
  const service = await startProgram(program, { env: { NODE_ENV: 'test', LIBRARIES: libraries } });
  after(() => service.stop());
  const expected: Record<string, number> = {};
  for (const [request, route, status] of TABLE) {
    const [method = '', path] = request.split(' ');
    const response = await fetch(`${service.url}${path}`, { method });
    await response.text();
    assert.equal(response.status, status, request);
    const key = `${method} ${libraries === 'oldest' ? (EXPRESS_4[route] ?? route) : route} ${status}`;
    expected[key] = (expected[key] ?? 0) + 1;
  }
  const page = await service.scrape();
  assert.deepEqual(requestCounts(page), expected);
  assert.deepEqual(errorsOf(page), {
    'GET – 500': 1,
    'GET /throws/:id 500': 1,
    'GET /rejects/:id 500': 1,
    'GET /next/:id 500': 1,
    'GET /loaded/:id 500': 1,
  });
}

test('two thousand paths that lead nowhere are one series, and leave room for the routes', async (t) => {
  const env = { NODE_ENV: 'test', OTEL_METRICS_CARDINALITY_LIMIT: '20' };
  const service = await startProgram('express-routes-commonjs.cjs', { env });
  t.after(() => service.stop());
  await Promise.all(
    Array.from({ length: 20 }, async (_, worker) => {
      for (let i = 0; i < 100; i++) await (await fetch(`${service.url}/shared/${worker}/${i}`)).text();
    }),
  );
  assert.deepEqual(requestCounts(await service.scrape()), { 'GET – 404': 2000 });
  await (await fetch(`${service.url}/users/7`)).text();
  assert.deepEqual(requestCounts(await service.scrape()), { 'GET – 404': 2000, 'GET /users/:id 200': 1 });
});

function errorsOf(page: MetricsPage) {
  return page.values('http_server_errors_total', 'http_request_method', 'http_route', 'error_type');
}
