import type { Malformed } from './malformed-requests.ts';
import type { Random } from './random.ts';
import { inPieces, OTHER_METHODS, oddQuery, type Request, scrape, set, written } from './requests.ts';

/** Bytes that anybody can send: scrapes with defects, cut and damaged, and what clients of other protocols say. */
export function brokenRequests(random: Random, mark: string): Malformed {
  const text = random.chance(0.1)
    ? random.pick(STRANGERS) + mark + random.bytes(random.below(300))
    : damaged(defective(random, mark), random, mark);
  return { pieces: inPieces(text, random), mark, ending: random.chance(0.1) ? 'reset' : 'by client' };
}

function defective(random: Random, mark: string): string {
  const request = scrape(random);
  for (let left = 1 + random.below(3); left > 0; left--) random.pick(Object.values(DEFECTS))(request, random, mark);
  return written(request) + written(scrape(random)).repeat(random.chance(0.15) ? random.below(4) : 0);
}

function damaged(text: string, random: Random, mark: string): string {
  let result = text;
  for (let left = random.below(3); left > 0; left--) result = random.pick(Object.values(DAMAGES))(result, random, mark);
  return result;
}

type Defect = (request: Request, random: Random, mark: string) => void;

const DEFECTS: Readonly<Record<string, Defect>> = {
  method(request, random, mark) {
    request.method = random.pick([...METHODS, ...OTHER_METHODS, mark, 'A'.repeat(1 + random.below(20_000))]);
  },
  target(request, random, mark) {
    request.target = random.pick([...TARGETS, `http://${mark}/metrics`, `${mark}:443`, random.bytes(30)]);
  },
  longTarget(request, random) {
    request.target = `/metrics?${'x'.repeat(random.below(20_000))}`;
  },
  query(request, random, mark) {
    request.target += oddQuery(random, mark) + random.bytes(random.below(5));
  },
  version(request, random, mark) {
    request.version = random.pick([...VERSIONS, '', mark]);
  },
  framing(request, random, mark) {
    request.headers.push([...random.pick(FRAMINGS)]);
    request.body = random.pick([...CHUNKS, mark, written(scrape(random))]);
  },
  twoFramings(request, random, mark) {
    request.headers.push(['Content-Length', '6'], ['Transfer-Encoding', 'chunked']);
    request.body = `0\r\n\r\n${written(scrape(random))}${mark}`;
  },
  chunks(request, random) {
    request.headers.push(['Transfer-Encoding', 'chunked']);
    request.body = random.pick(CHUNKS) + random.bytes(random.below(50));
  },
  headerName(request, random, mark) {
    request.headers.push([random.pick(['', ' ', mark, 'X Y', 'X\0', '\xff', ':', random.bytes(4)]), mark]);
  },
  headerValue(request, random, mark) {
    set(request, random.pick(NEGOTIATED), random.pick([random.bytes(random.below(60)), random.bytes(20) + mark]));
  },
  longHeader(request, random, mark) {
    const clause = mark + random.pick(['a/b,', 'text/plain;q=0.1,', ' ', ';;;']);
    set(request, random.pick([...NEGOTIATED, mark]), clause.repeat(random.below(1500)));
  },
  manyHeaders(request, random, mark) {
    const count = random.pick([1, 100, 3000]);
    for (let added = 0; added < count; added++) request.headers.push([random.pick([...NEGOTIATED, 'X']), mark]);
  },
  upgrade(request, random, mark) {
    request.headers.push(['Connection', random.pick(['upgrade', 'close, keep-alive', mark, 'Accept, Host'])]);
    request.headers.push(['Upgrade', random.pick(['h2c', 'websocket', mark])], ['HTTP2-Settings', mark]);
  },
};

type Damage = (text: string, random: Random, mark: string) => string;

const DAMAGES: Readonly<Record<string, Damage>> = {
  cut: (text, random) => text.slice(0, random.below(text.length + 1)),
  overwritten(text, random) {
    const [at, bytes] = [random.below(text.length + 1), random.bytes(1 + random.below(4))];
    return text.slice(0, at) + bytes + text.slice(at + bytes.length);
  },
  inserted(text, random, mark) {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + random.pick([mark, random.bytes(20), '\r\n', '\r', '\n', '\0']) + text.slice(at);
  },
  leftOut(text, random) {
    const from = random.below(text.length + 1);
    return text.slice(0, from) + text.slice(from + random.below(50));
  },
  doubled(text, random) {
    const from = random.below(text.length + 1);
    const to = from + random.below(500);
    return text.slice(0, to) + text.slice(from);
  },
  unixLines: (text) => text.replaceAll('\r\n', '\n'),
  oldLines: (text) => text.replaceAll('\r\n', '\r'),
  colon: (text, random) => text.replace(': ', random.pick([' : ', ':', ':\r\n ', ':\t', '\n:'])),
};

const NEGOTIATED = ['Accept', 'Accept-Encoding', 'X-Prometheus-Scrape-Timeout-Seconds', 'Host', 'Connection'];

const METHODS = ['get', 'GETT', 'G', '', 'CONNECT', 'PRI', 'GET\0', 'GET,HEAD', 'SOURCE', '\x16\x03', 'HEAD\t'];

const TARGETS = ['', 'metrics', ' /metrics', '/metrics /metrics', '/met\0rics', '/metr\xefcs', '\\metrics', '?', '*'];

const VERSIONS =
  'HTTP/1.0 HTTP/0.9 HTTP/2.0 HTTP/3.0 HTTP/1.2 HTTP/1. HTTP/11 HTTP/1.1x http/1.1 HTTQ/1.1 RTSP/1.0 SIP/2.0'.split(
    ' ',
  );

/** Framing that is wrong, or that two servers in a row may read differently. */
const FRAMINGS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Length', '-1'],
  ['Content-Length', '1e3'],
  ['Content-Length', '99999999999999999999'],
  ['Content-Length', '5, 5'],
  ['Content-Length', '+5'],
  ['Content-Length', ''],
  ['Content-Length\0', '5'],
  ['Transfer-Encoding', 'chunked, chunked'],
  ['Transfer-Encoding', 'xchunked'],
  ['Transfer-Encoding', 'chunked, identity'],
  ['Transfer-Encoding', '\x0bchunked'],
  ['Transfer-Encoding', 'gzip'],
  ['Transfer-Encoding ', 'chunked'],
];

const CHUNKS = [
  'zz\r\nhello\r\n',
  '-1\r\n',
  'ffffffffffffffff\r\nx',
  '5\nhello\n0\n\n',
  '5;\0=x\r\nhello\r\n',
  '\r\n\r\n',
];

/** What clients of other protocols say first, such as TLS. */
const STRANGERS = [
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
  'SSH-2.0-OpenSSH_9.6\r\n',
  '*1\r\n$4\r\nPING\r\n',
  'PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n',
  '\x00\x00\x00\x08\x04\xd2\x16\x2f',
  'EHLO localhost\r\n',
  'GET /metrics\r\n',
  '\r\n\r\n\r\n',
  '\0\0\0\0',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
];
