import type { Random } from './random.ts';

/** A request as it is going to be written, one character a byte. */
export interface Request {
  method: string;
  target: string;
  version: string;
  headers: [name: string, value: string][];
  body: string;
}

export const OPEN_METRICS = 'application/openmetrics-text';
export const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

/** What scrapers send as `Accept`, `Accept-Encoding` and `User-Agent`. */
const SCRAPERS = [
  ['text/plain;version=0.0.4;q=1,*/*;q=0.1', 'gzip', 'vm_promscrape'],
  [
    `${OPEN_METRICS};version=1.0.0,${OPEN_METRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    'gzip',
    'Prometheus/2.42.0',
  ],
  [
    `${PROTOBUF};q=0.6,${OPEN_METRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    'gzip',
    'Prometheus/3.4.0',
  ],
  ['*/*', 'identity', 'curl/8.5.0'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'gzip, deflate, br, zstd', 'Mozilla/5.0'],
] as const;

export const OTHER_METHODS =
  'POST PUT DELETE OPTIONS PATCH TRACE PROPFIND SEARCH PURGE LINK REPORT MKCOL LOCK NOTIFY M-SEARCH'.split(' ');

/** One as a scraper sends it. */
export function scrape(random: Random): Request {
  const [accept, encoding, agent] = random.pick(SCRAPERS);
  return {
    ...{ method: 'GET', target: '/metrics', version: 'HTTP/1.1', body: '' },
    headers: [
      ['Host', 'localhost:9464'],
      ['User-Agent', agent],
      ['Accept', accept],
      ['Accept-Encoding', encoding],
      ['X-Prometheus-Scrape-Timeout-Seconds', '10'],
    ],
  };
}

/** As it goes over the wire. */
export function written({ method, target, version, headers, body }: Request): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} ${version}\r\n${lines.join('')}\r\n${body}`;
}

/** Gives a header that value, and no other. */
export function set(request: Request, name: string, value: string): void {
  request.headers = request.headers.filter(([other]) => other !== name);
  request.headers.push([name, value]);
}

const QUERY_VALUES = [
  'target_info',
  'up',
  '%',
  '%zz',
  '%00',
  '%ff%fe',
  '__proto__',
  'a'.repeat(200),
  '*',
  '%F0%9F%98%80',
];

/** A query that asks for families by name in ways that nobody means. */
export function oddQuery(random: Random, mark: string): string {
  const parameters = Array.from({ length: 1 + random.below(random.pick([3, 30])) }, () => {
    const key = random.pick(['name[]', 'name%5B%5D', 'name', 'name[', '', mark]);
    return key + random.pick(['=', '==', '']) + random.pick([...QUERY_VALUES, mark]);
  });
  return `?${parameters.join(random.pick(['&', '&&', ';']))}`;
}

/** As a whole, or in up to five pieces: what comes in one packet for one server is another one's two. */
export function inPieces(text: string, random: Random): string[] {
  if (text === '' || random.chance(0.7)) return [text];
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(text.length)).sort((a, b) => a - b);
  return [0, ...cuts].map((cut, index) => text.slice(cut, cuts[index])).filter((piece) => piece !== '');
}
