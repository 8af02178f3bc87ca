import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { parseText } from '../../packages/exposition/test/support/prometheus-text-parser.ts';
import { readConfig } from '../src/environment.ts';
import { printable } from '../src/printable.ts';
import { SETTINGS, type SettingName } from '../src/settings.ts';
import { node, run, serviceFolder } from './support/program.ts';

/** Part of every value that is secret. */
const SECRET = 'correct-horse-battery';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const word = fc.constantFrom(
  'true',
  'otlp',
  'none',
  'grpc',
  'http',
  'pg',
  'b3',
  'k=v',
  'a:*=b',
  '10.0.0.0/8',
  '::/0',
  '*',
  '',
);
const number = fc.oneof(
  fc.constantFrom(
    '-1',
    '0',
    '1',
    '65535',
    '65536',
    '1000000',
    '1000001',
    '2147483648',
    '9007199254740993',
    '1e999',
    '0x10',
    'NaN',
    ' 7 ',
    '1_000',
    '٣',
  ),
  fc.double().map(String),
);
const url = fc
  .tuple(
    fc.constantFrom('http://', 'https://', 'HTTP://', 'unix://', '//'),
    fc.constantFrom(
      '',
      `user:${SECRET}@`,
      `${SECRET}@`,
      `user:${SECRET}/x@y@`,
      `user:${SECRET.repeat(5)}@`,
      `user:${SECRET.repeat(100)}@`,
    ),
    fc.constantFrom('127.0.0.1:1', '[::1]:1', '[::1', 'localhost:65536', '%zz', '.', '*'),
    fc.oneof(
      fc.constantFrom('', '/', '/v1/traces?x=1#y', '/2', '/\r\nHost: x'),
      text.map((each) => `/${each}`),
    ),
  )
  .map((parts) => parts.join(''));
const list = (item: fc.Arbitrary<string>) => fc.array(item, { maxLength: 6 }).map((items) => items.join(','));
const acting = fc.constantFrom(
  '\x1b[31mred\x1b[0m',
  '\x1b]0;title\x07',
  'a\nb',
  'a\r\nb\r',
  '\u009b31m',
  '\u202eltr',
  '\u2028',
  '\x7f',
  '\t',
);
const huge = fc.constantFrom('x'.repeat(90_000), 'k=v, '.repeat(5_000), `https://${'x@'.repeat(5_000)}`);

const value = fc
  .oneof(text, word, number, url, acting, huge, list(fc.oneof(word, text, number, acting)))
  .map((each) => Buffer.from(each));
/** None of them is UTF-8 as a whole. */
const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((each) => Buffer.concat([each, Buffer.of(0xff)]));
const anything = fc.oneof({ arbitrary: value, weight: 4 }, { arbitrary: bytes, weight: 1 }).map(withoutZeros);
const secret = fc.oneof(text, acting).map((each) => withoutZeros(Buffer.from(`${SECRET}${each}`)));
const headers = fc
  .array(fc.tuple(fc.constantFrom('k=', 'a b=', 'é=', 'x-bin='), secret), { maxLength: 4 })
  .map((pairs) => Buffer.from(pairs.map(([name, each]) => name + each).join(',')));

/** An environment has no zeros. */
function withoutZeros(given: Buffer): Buffer {
  return given.includes(0) ? Buffer.from(given.filter((byte) => byte !== 0)) : given;
}

/** What the exporters and the SDK read themselves. */
const READ_BY_OTHERS = [
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_COMPRESSION',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_EXPORTER_OTLP_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_CLIENT_KEY',
  'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_INSECURE',
  'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_NODE_RESOURCE_DETECTORS',
];
const SECRETS = {
  OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: secret,
  OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: secret,
  OTEL_EXPORTER_OTLP_HEADERS: headers,
};
/** Whether there is a page, where it is, who gets it, and what is said of it. */
const OF_PAGE =
  /^OTEL_(?:SDK_DISABLED|METRICS_EXPORTER|LOG_LEVEL|EXPORTER_PROMETHEUS_(?:HOST|PORT|TLS_.*|B.*|ALLOWED_ADDRESSES))$/;

type Environment = Readonly<Record<string, Buffer>>;

/** Some of these variables, each with anything. */
function environments(names: readonly string[]): fc.Arbitrary<Environment> {
  const arbitraries = Object.fromEntries(
    names.map((name) => [name, { ...SECRETS }[name as keyof typeof SECRETS] ?? anything]),
  );
  return fc.record(arbitraries, { requiredKeys: [] }) as fc.Arbitrary<Environment>;
}

const NAMES = Object.keys(SETTINGS) as SettingName[];

test('whatever variables hold comes to settings, with at most one line for each, which a terminal shows as it is', () => {
  const defaults = readConfig({}, assert.fail);
  fc.assert(
    fc.property(environments(NAMES), (environment) => {
      const env = Object.fromEntries(Object.entries(environment).map(([name, bytes]) => [name, bytes.toString()]));
      const warnings: string[] = [];
      const config = readConfig(env, (message) => warnings.push(message));
      assert.deepEqual(Object.keys(config), NAMES);
      for (const name of NAMES) {
        const isGiven = (env[name]?.trim() ?? '') !== '';
        const own = warnings.filter((warning) => warning.startsWith(`${name}=`));
        assert.ok(own.length <= (isGiven ? 1 : 0), own.join('\n'));
        if (!isGiven) assert.deepEqual(config[name], defaults[name]);
        if (typeof defaults[name] === 'number') assert.ok(Number.isFinite(config[name]));
        else if (defaults[name] !== undefined) assert.equal(typeof config[name], typeof defaults[name]);
      }
      for (const warning of warnings) assertShown(printable(warning));
    }),
    { seed: 1, numRuns: 2_000, endOnFailure: true },
  );
});

function assertShown(line: string): void {
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  assert.ok(line.length < 2_000, line);
  assert.ok(!line.includes(SECRET), line);
}

const SERVICE = `
const server = require('node:http').createServer((request, response) => {
  response.end('answer to ' + request.url);
  if (request.url !== '/end') return;
  console.log('ends');
  process.exitCode = 7;
  server.close();
});
server.listen(0, '127.0.0.1', () => console.log('service on ' + server.address().port));
`;

/** Starts the service with those variables, which only a shell can set to what is no text. */
function start(t: TestContext, environment: Environment, agent = ['-r', './otel/register']) {
  const cwd = serviceFolder(t, { 'dist/main.js': SERVICE });
  const lines = Object.entries(environment).map(([name, bytes]) => {
    const octal = Array.from(bytes, (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
    return `v=$(printf '%b_' '${octal}'); export ${name}="\${v%_}"\n`;
  });
  writeFileSync(path.join(cwd, 'start.sh'), `${lines.join('')}exec "$@"\n`);
  return run(t, { cwd, command: 'sh', args: ['./start.sh', node, ...agent, 'dist/main.js'] });
}

async function use(t: TestContext, environment: Environment, scrape: boolean) {
  const service = start(t, environment);
  const [, port] = await service.until(/service on (\d+)/);
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  assert.equal(await ask('/x'), 'answer to /x');
  if (scrape) {
    const page = await fetch((await service.until(/ on (http:\S+\/metrics)/))[1] as string);
    assert.equal(page.status, 200);
    assert.ok(parseText(await page.text()).length > 10);
  }
  assert.equal(await ask('/end'), 'answer to /end');
  const { code, signal, stdout, stderr } = await service.ended;
  assert.deepEqual([code, signal, stdout], [7, null, `service on ${port}\nends\n`]);
  return stderr;
}

function assertLines(stderr: string): void {
  const lines = stderr.split('\n').slice(0, -1);
  assert.equal(new Set(lines).size, lines.length, stderr);
  for (const line of lines) {
    assert.match(line, /^otel: /);
    assertShown(line);
  }
  for (const name of [...NAMES, ...READ_BY_OTHERS])
    assert.ok(lines.filter((line) => line.startsWith(`otel: ${name}=`)).length <= 1, stderr);
}

for (const [what, names, scrape] of [
  ['say where the page is', NAMES.filter((name) => OF_PAGE.test(name)), false],
  ['say what is on it and what is sent', NAMES.filter((name) => !OF_PAGE.test(name)), true],
] as const) {
  test(`a service answers and ends as ever whatever the variables are that ${what}`, {
    timeout: 600_000,
  }, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        environments([...names, ...READ_BY_OTHERS, 'OTEL_EXPORTER_OTLP_HEADERS']),
        async (environment) => {
          assertLines(await use(t, environment, scrape));
        },
      ),
      { seed: 2, numRuns: 12, endOnFailure: true },
    );
  });
}

test('the doctor shows as text what a terminal would act upon', async (t) => {
  const cwd = serviceFolder(t, { 'dist/main.js': SERVICE });
  const env = { OTEL_SERVICE_NAME: '\x1b[31mred\nline', OTEL_EXPORTER_PROMETHEUS_HOST: 'a\u009b31m' };
  const { stdout } = await run(t, { cwd, env, args: ['./otel/register.js', '--doctor', 'dist/main.js'] }).ended;
  for (const line of stdout.split('\n')) assertShown(line);
  assert.match(stdout, /^otel-register \S+ for \\u\{1b\}\[31mred\\u\{a\}line\n/);
});
