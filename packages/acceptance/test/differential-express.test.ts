import { Differences } from './support/differences.ts';
import { describeDifferential } from './support/differential.ts';
import type { Values } from './support/metrics-page.ts';
import type { Program } from './support/program.ts';

const differences = new Differences(
  'Express',
  ['http', 'express'],
  [
    'Several paths of one route or mount',
    'Answers below a mount that has no route for the path',
    "Answers of a parameter's callback",
    'Paths in other letters than the route',
  ],
);

/** Paths and the routes that both find for them; all are answered with 200. */
const ROUTES: Record<string, string> = {
  '/': '/',
  '/users/7': '/users/:id',
  '/users/7?tab=1': '/users/:id',
  '/users/7/files/8': '/users/:id/files/:file',
  '/items': '/items',
  '/items/': '/items',
  '/fly': '/^\\/fly$/',
  '/later/7': '/later/:id',
  '/passed/7': '/passed/:other',
  '/trees/1/own': '/trees/:tree/own',
  '/trees/1/branches/2': '/trees/:tree/branches/:branch',
  '/trees/1/branches/2/': '/trees/:tree/branches/:branch',
  '/trees/1/branches/2/leaves/3': '/trees/:tree/branches/:branch/leaves/:leaf',
  '/shared': '/shared',
  '/shared/leaves/3': '/shared/leaves/:leaf',
  '/pattern/leaves/3': '/^\\/pattern/leaves/:leaf',
  '/wrapped/leaves/3': '/wrapped/leaves/:leaf',
  '/guarded/leaves/3?key=1': '/guarded/leaves/:leaf',
  '/twofold/here': '/twofold/here',
  '/twofold/there': '/twofold/:id',
  '/sub/things/7': '/sub/things/:id',
  '/from-root/7': '/from-root/:id',
  '/loaded/7': '/loaded/:id',
};

const get =
  (...paths: string[]) =>
  async (program: Program) => {
    for (const path of paths) await (await fetch(`${program.url}${path}`)).text();
  };

/** `http 1.1` of each series, which only Express' own labels tell apart. */
const counts = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).map(([series, count]) => [`http 1.1 ${series}`, count]));

for (const [libraries, name] of Object.entries({ current: 'Express 5', oldest: 'Express 4' })) {
  describeDifferential(
    name,
    differences,
    {
      program: 'differential-express.cjs',
      env: () => ({ LIBRARIES: libraries, NODE_ENV: 'test' }),
      metric: 'http_server_request_duration_seconds',
      labels: [
        'url_scheme',
        'network_protocol_version',
        'http_request_method',
        'http_route',
        'http_response_status_code',
        'error_type',
      ],
    },
    ({ same, differs }) => {
      for (const [path, route] of Object.entries(ROUTES)) same(path, get(path), counts({ [`GET ${route} 200 –`]: 1 }));
      same('a handler that throws', get('/throws/7'), counts({ 'GET /throws/:id 500 500': 1 }));
      same('a handler that passes an error on', get('/next/7'), counts({ 'GET /next/:id 500 500': 1 }));
      same('paths that cannot be decoded', get('/users/%E0%A4%A'), counts({ 'GET – 500 500': 1 }));
      same('paths that lead nowhere', get('/nothing', '/users', '/usersx'), counts({ 'GET – 404 –': 3 }));

      differs('Several paths of one route or mount', get('/one', '/two/7', '/left', '/left/leaves/3'), {
        upstream: counts({
          'GET /one,/two/:id 200 –': 2,
          'GET /left,/right 200 –': 1,
          'GET /left,/right/leaves/:leaf 200 –': 1,
        }),
        ours: counts({
          'GET /one|/two/:id 200 –': 2,
          'GET /left|/right 200 –': 1,
          'GET /left|/right/leaves/:leaf 200 –': 1,
        }),
      });
      differs(
        'Answers below a mount that has no route for the path',
        get('/shared/nothing', '/trees/1/nothing', '/sub/nothing', '/guarded/leaves/3', '/answered/7', '/handled/7'),
        {
          upstream: counts({
            'GET /shared 404 –': 1,
            'GET /trees/:tree 404 –': 1,
            'GET /sub 404 –': 1,
            'GET /guarded 401 –': 1,
            'GET /answered 200 –': 1,
            'GET /handled 500 500': 1,
          }),
          ours: counts({ 'GET – 404 –': 3, 'GET – 401 –': 1, 'GET – 200 –': 1, 'GET – 500 500': 1 }),
        },
      );
      differs("Answers of a parameter's callback", get('/loaded/none'), {
        upstream: counts({ 'GET /loaded 404 –': 1 }),
        ours: counts({ 'GET /loaded/:id 404 –': 1 }),
      });
      differs('Paths in other letters than the route', get('/ITEMS'), {
        upstream: counts({ 'GET – 200 –': 1 }),
        ours: counts({ 'GET /items 200 –': 1 }),
      });
    },
  );
}

differences.defineTableTest();
