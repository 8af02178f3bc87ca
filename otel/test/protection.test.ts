import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { HELLO, metricsUrl, pageWith, type Running, run, serviceFolder } from './support/program.ts';

/** Nothing that begins like this may be in what a process says or answers. */
const SECRET = /s3cr3t/;

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

interface Protected {
  readonly service: Running;
  readonly folder: string;
  /** The status of a scrape with these headers. */
  readonly ask: (headers?: Record<string, string>) => Promise<number>;
}

async function protectedPage(
  t: TestContext,
  env: Record<string, string>,
  files: Record<string, string> = {},
): Promise<Protected> {
  const folder = serviceFolder(t, { 'dist/main.js': HELLO, ...files });
  const service = run(t, { cwd: folder, env: { OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1', ...env } });
  const url = await metricsUrl(service);
  const ask = async (headers: Record<string, string> = {}) => {
    const response = await fetch(url, { headers });
    const body = await response.text();
    assert.equal(/^target_info/m.test(body), response.status === 200, body);
    assert.doesNotMatch(body + JSON.stringify([...response.headers]), SECRET);
    return response.status;
  };
  t.after(() => assert.doesNotMatch(service.output.stdout + service.output.stderr, SECRET));
  return { service, folder, ask };
}

/** Waits until the answer to a scrape is that: files are looked at once a second. */
async function becomes(status: number, ask: () => Promise<number>): Promise<void> {
  for (const start = Date.now(); (await ask()) !== status; await delay(50)) {
    assert.ok(Date.now() - start < 60_000, `the answer does not become ${status}`);
  }
}

test('a bearer token in a variable: only who has it gets the page', async (t) => {
  const { ask } = await protectedPage(t, { OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: 's3cr3t-ü' });
  // As bytes of UTF-8, which is what Prometheus and curl send; fetch has no other way to.
  const sent = Buffer.from('s3cr3t-ü').toString('latin1');
  for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
    assert.equal(await ask({ authorization: `${scheme} ${sent}` }), 200, scheme);
  }
  for (const wrong of [
    ...['', 'Bearer', 'Bearer ', 'Bearer s3cr3t-', `Bearer ${sent}x`, `Bearer x${sent}`, `Bearer ${sent} x`],
    ...[sent, `Basic ${sent}`, basic(`s3cr3t-ü`), basic(':s3cr3t-ü'), `Token ${sent}`, `Bearer ${'x'.repeat(8000)}`],
  ]) {
    assert.equal(await ask({ authorization: wrong }), 401, wrong);
  }
  assert.equal(await ask(), 401);
});

test('user and password in a variable: the password may have colons, and both must be right', async (t) => {
  const { ask } = await protectedPage(t, { OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: 'jo:s3cr3t:ü' });
  assert.equal(await ask({ authorization: basic('jo:s3cr3t:ü') }), 200);
  for (const wrong of ['jo:s3cr3t', 'jo:', ':s3cr3t:ü', 'Jo:s3cr3t:ü', 'jo', '']) {
    assert.equal(await ask({ authorization: basic(wrong) }), 401, wrong);
  }
  assert.equal(await ask({ authorization: 'Basic *&^' }), 401);
  assert.equal(await ask({ authorization: 'Bearer jo:s3cr3t' }), 401);
});

test('the refusal names the ways to be let in, tells nothing else, and comes before all other answers', async (t) => {
  const { service, ask } = await protectedPage(t, {
    OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: 's3cr3t',
    OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: 'jo:s3cr3t',
  });
  const url = await metricsUrl(service);
  for (const method of ['GET', 'HEAD', 'POST']) {
    const response = await fetch(url, { method });
    assert.equal(response.status, 401, method);
    assert.equal(
      response.headers.get('www-authenticate'),
      'Bearer realm="metrics", Basic realm="metrics", charset="UTF-8"',
    );
    assert.equal(await response.text(), method === 'HEAD' ? '' : 'Unauthorized.\n');
  }
  assert.equal(await ask({ authorization: 'Bearer s3cr3t' }), 200);
  assert.equal(await ask({ authorization: basic('jo:s3cr3t') }), 200);
});

test('a refused scrape is on the page by its code', async (t) => {
  const { service, ask } = await protectedPage(t, { OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: 's3cr3t' });
  await ask();
  await ask({ authorization: 'Bearer wrong' });
  const headers = { authorization: 'Bearer s3cr3t' };
  const counted = /^otel_exporter_prometheus_scrapes_total\{http_response_status_code="401"\} 2$/m;
  await pageWith(await metricsUrl(service), counted, headers);
});

for (const [variable, header] of [
  ['BEARER_TOKEN_FILE', (secret: string) => `Bearer ${secret}`],
  ['BASIC_AUTH_FILE', basic],
] as const) {
  test(`${variable} is read again when Kubernetes swaps the folder that it is in`, async (t) => {
    const [one, two] = ['jo:s3cr3t-1', 'jo:s3cr3t-2'] as const;
    const mounted = { 'secret/..1/value': `\n${one}\n\n`, 'secret/..2/value': two };
    const folder = serviceFolder(t, { 'dist/main.js': HELLO, ...mounted });
    symlinkSync('..1', path.join(folder, 'secret/..data'));
    symlinkSync('..data/value', path.join(folder, 'secret/value'));
    const file = path.join(folder, 'secret/value');
    const { ask } = await protectedPage(t, { [`OTEL_EXPORTER_PROMETHEUS_${variable}`]: file });
    assert.equal(await ask({ authorization: header(one) }), 200);
    assert.equal(await ask({ authorization: header(two) }), 401);
    symlinkSync('..2', path.join(folder, 'secret/..new'));
    renameSync(path.join(folder, 'secret/..new'), path.join(folder, 'secret/..data'));
    await becomes(200, () => ask({ authorization: header(two) }));
    assert.equal(await ask({ authorization: header(one) }), 401);
  });
}

test('a token file that cannot be read lets nobody in, is one line, and does again when it can', async (t) => {
  const { service, folder, ask } = await protectedPage(t, { OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE: 'token' });
  const file = path.join(folder, 'token');
  const headers = { authorization: 'Bearer s3cr3t' };
  const answers = () => ask(headers);
  assert.equal(await answers(), 401);
  for (const nothing of ['', 'undefined', 'null']) assert.equal(await ask({ authorization: `Bearer ${nothing}` }), 401);
  assert.equal(await ask(), 401);
  writeFileSync(file, 's3cr3t');
  await becomes(200, answers);
  rmSync(file);
  await becomes(401, answers);
  const untilSaid = async (line: RegExp) => {
    for (; !line.test(service.output.stderr); await delay(50)) assert.equal(await answers(), 401);
  };
  mkdirSync(file);
  await untilSaid(/TOKEN_FILE: EISDIR.*; it lets nobody in\n/);
  rmSync(file, { recursive: true });
  writeFileSync(file, '  \n');
  await untilSaid(/TOKEN_FILE: it is empty; it lets nobody in\n/);
  assert.match(service.output.stderr, /TOKEN_FILE: ENOENT.*; it lets nobody in\n/);
  assert.equal(service.output.stderr.match(/TOKEN_FILE/g)?.length, 3);
});

test('credentials that nobody can have let nobody in, and are one line without what they are', async (t) => {
  const { service, ask } = await protectedPage(t, { OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: 's3cr3t' });
  assert.equal(await ask(), 401);
  assert.equal(await ask({ authorization: basic('s3cr3t') }), 401);
  const [line] = service.output.stderr.split('\n');
  assert.equal(line, 'otel: OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: it is not user:password; it lets nobody in');
});

for (const [list, status] of [
  ['127.0.0.0/8', 200],
  ['::1,127.0.0.1', 200],
  ['10.0.0.0/8,fd00::/8', 403],
  ['10.0.0.0/33', 403],
] as const) {
  test(`scrapes from 127.0.0.1 where ${list} may: ${status}, whatever the headers say`, async (t) => {
    const { service, ask } = await protectedPage(t, { OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: list });
    assert.equal(await ask(), status);
    assert.equal(
      await ask({ 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' }),
      status,
    );
    const isBad = service.output.stderr.includes('is not a list of addresses and networks');
    assert.equal(isBad && service.output.stderr.includes('; using nobody instead'), list === '10.0.0.0/33');
  });
}

test('an IPv4 client of a socket for both families is known by its IPv4 address', async (t) => {
  const env = { OTEL_EXPORTER_PROMETHEUS_HOST: '::', OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: '127.0.0.1' };
  const { service } = await protectedPage(t, env);
  const { port } = new URL(await metricsUrl(service));
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200);
  assert.equal((await fetch(`http://[::1]:${port}/metrics`)).status, 403);
});

test('where both are asked for, the address alone does not do, nor do the credentials', async (t) => {
  const token = { OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: 's3cr3t' };
  const here = await protectedPage(t, { ...token, OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: '127.0.0.1' });
  assert.deepEqual([await here.ask(), await here.ask({ authorization: 'Bearer s3cr3t' })], [401, 200]);
  const elsewhere = await protectedPage(t, { ...token, OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: '10.0.0.1' });
  assert.equal(await elsewhere.ask({ authorization: 'Bearer s3cr3t' }), 403);
});
