import type { Expected, Malformed } from './malformed-requests.ts';
import type { Random } from './random.ts';
import {
  inPieces,
  OPEN_METRICS,
  OTHER_METHODS,
  oddQuery,
  PROTOBUF,
  type Request,
  scrape,
  set,
  written,
} from './requests.ts';

/** One to three requests that HTTP allows, each of them odd in one way. */
export function oddRequests(random: Random, mark: string): Malformed {
  const requests: Request[] = [];
  const expected: Expected[] = [];
  for (let left = random.chance(0.2) ? 3 : 1; left > 0; left--) {
    const request = scrape(random);
    const statuses = random.pick(Object.values(ODDITIES))(request, random, mark);
    requests.push(request);
    expected.push({ isHead: request.method === 'HEAD', statuses });
    // After these the server closes.
    if (statuses.includes(400) || request.headers.some(([, value]) => value === '100-continue')) break;
  }
  requests.at(-1)?.headers.push(['Connection', 'close']);
  const text = requests.map(written).join('');
  // Who is still sending a body when the answer has been sent may not see it.
  const pieces = requests.some(({ body }) => body !== '') ? [text] : inPieces(text, random);
  return { pieces, mark, expected, ending: 'by server' };
}

/** Makes a scrape odd. Returns what it may be answered with. */
type Oddity = (request: Request, random: Random, mark: string) => readonly number[];

const ODDITIES: Readonly<Record<string, Oddity>> = {
  method(request, random, mark) {
    request.method = random.pick(OTHER_METHODS);
    request.headers.push(['X-Mark', mark]);
    return [405];
  },
  path(request, random, mark) {
    request.target = random.pick(PATHS) + random.pick(['', `/${mark}`, `?${mark}`]);
    request.method = random.pick(['GET', 'HEAD', ...OTHER_METHODS]);
    // A listener of metrics has a page for people there.
    if (/^\/(?:\?|$)/.test(request.target))
      return [request.method === 'GET' || request.method === 'HEAD' ? 200 : 405, 404];
    return [404];
  },
  body(request, random, mark) {
    addBody(request, random, mark);
    return [413];
  },
  requestInBody(request, random, mark) {
    request.method = random.pick(OTHER_METHODS);
    addBody(request, random, `${mark}\r\n\r\n${written(scrape(random))}`);
    return [405];
  },
  withoutHost(request, _random, mark) {
    request.headers = request.headers.filter(([name]) => name !== 'Host');
    request.headers.push([mark, mark]);
    return [400];
  },
  expectation(request, _random, mark) {
    request.headers.push(['Expect', mark]);
    return [417];
  },
  head(request, random, mark) {
    request.method = 'HEAD';
    addAccept(request, random, mark);
    return [200];
  },
  accept(request, random, mark) {
    addAccept(request, random, mark);
    return [200];
  },
  encoding(request, random, mark) {
    set(request, 'Accept-Encoding', random.pick([...ENCODINGS, mark, random.pick(ENCODINGS).repeat(9)]));
    return [200];
  },
  timeout(request, random, mark) {
    const isVisible = (character: string) => character > ' ' && character <= '~';
    const nonsense = Array.from(random.bytes(20)).filter(isVisible).join('');
    set(request, 'X-Prometheus-Scrape-Timeout-Seconds', random.pick([...SECONDS, mark, nonsense]));
    // Some of them are numbers, and too short a time.
    return [200, 503];
  },
  query(request, random, mark) {
    request.target += oddQuery(random, mark);
    return [200];
  },
  headers(request, random, mark) {
    request.headers.push(['Authorization', random.pick(['Bearer', 'Basic', 'Basic Og==', `Bearer ${mark}`, mark])]);
    request.headers.push(['X-Forwarded-For', mark], ['Upgrade', mark], ['Cookie', mark.repeat(50)]);
    return [200];
  },
};

const PATHS =
  '/ /metrics/ /metricsx /METRICS //metrics /metrics%00 /%6detrics /metrics;x /./metrics /.. /metrics%3f'.split(' ');

const ENCODINGS = [
  'gzip;q=0',
  '*',
  'gzip;q=x',
  'gzip;;;,',
  'br',
  'zstd;q=1',
  'identity;q=0',
  ',,,',
  'gzip,'.repeat(99),
];

const SECONDS = ['0', '-1', 'NaN', 'Infinity', '1e999', '0x10', '1e-9', '10, 10', '\xd9\xa1', '9'.repeat(400), '1;1'];

const WEIGHTS = ['q=2', 'q=-1', 'q=', 'q', 'q=0.0.1', 'q=1e9', 'Q=1', 'q="0.5"', 'q=0', `q=0.${'1'.repeat(200)}`];

function addAccept(request: Request, random: Random, mark: string): void {
  const clauses = Array.from({ length: 1 + random.below(random.pick([3, 30])) }, () => {
    const type = random.pick([OPEN_METRICS, PROTOBUF, 'text/plain', '*/*', 'text/*', '/', mark, `${mark}/${mark}`]);
    const parameter = random.pick([
      'version=0.0.4',
      'version=9',
      `escaping=${mark}`,
      `${mark}=${mark}`,
      'escaping=dots',
    ]);
    return [type, parameter, random.pick(WEIGHTS)].slice(0, 1 + random.below(3)).join(random.pick([';', '; ', ';;']));
  });
  const value = clauses.join(random.pick([',', ', ', ',,', ' ']));
  if (random.chance(0.5)) set(request, 'Accept', value);
  else request.headers.push(['Accept', value]);
}

function addBody(request: Request, random: Random, text: string): void {
  if (random.chance(0.5)) {
    request.headers.push(['Content-Length', String(text.length)]);
    request.body = text;
  } else {
    request.headers.push(['Transfer-Encoding', 'chunked'], ['Trailer', 'X-Late']);
    request.body = `${text.length.toString(16)};ext=1\r\n${text}\r\n0\r\nX-Late: 1\r\n\r\n`;
  }
  if (random.chance(0.3)) request.headers.push(['Expect', '100-continue']);
}
