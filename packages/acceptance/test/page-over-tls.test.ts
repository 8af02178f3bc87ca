import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { throwAwayFolder } from '@payments/local-stack';
import { stringify } from 'yaml';
import { makeCertificate } from './support/certificates.ts';
import { startProgram } from './support/program.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until, untilSaid } from './support/until.ts';

async function start(t: TestContext, env: Record<string, string> = {}) {
  const folder = throwAwayFolder();
  t.after(() => folder.remove());
  const files = await makeCertificate(folder.path, 'first');
  const service = await startProgram('hello.mjs', {
    env: {
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_TLS_CERTIFICATE_FILE: files.certificate,
      OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE: files.key,
      ...env,
    },
  });
  t.after(() => service.stop());
  const url = async () => {
    await untilSaid(service, /https:\S+\/metrics/);
    return /https:\S+\/metrics/.exec(service.stderr())?.[0] as string;
  };
  return { service, folder: folder.path, files, url };
}

/** A scrape on a connection of its own unless it is told of one: the name on the certificate, and the page. */
async function scrape(url: string, options: RequestOptions = {}) {
  const request = get(url, { agent: false, rejectUnauthorized: false, ...options });
  const [response] = await once(request, 'response');
  const socket = response.socket as TLSSocket;
  const [name, port] = [socket.getPeerCertificate().subject.CN, socket.localPort];
  return { name, port, page: await text(response) };
}

async function becomes(name: string, url: string): Promise<void> {
  await until(`the certificate ${name}`, async () => (await scrape(url)).name === name);
}

test('a Prometheus scrapes over TLS, with a token from a file, and knows the certificate', async (t) => {
  const folder = throwAwayFolder();
  t.after(() => folder.remove());
  const token = join(folder.path, 'token');
  writeFileSync(token, 's3cr3t\n');
  const { url, files } = await start(t, { OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE: token });
  const target = {
    ...{ scheme: 'https', tls_config: { ca_file: files.certificate } },
    static_configs: [{ targets: [new URL(await url()).host] }],
  };
  const { url: prometheus, stop } = await startPrometheusServer(
    stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [
        { job_name: 'right', ...target, authorization: { credentials_file: token } },
        { job_name: 'wrong', ...target, authorization: { credentials: 'x' } },
      ],
    }),
    join(folder.path, 'prometheus'),
  );
  t.after(stop);
  interface Target {
    readonly health: string;
    readonly lastError: string;
    readonly labels: { readonly job: string };
  }
  let targets: Target[] = [];
  await until('both are scraped', async () => {
    targets = (await prometheusApi(prometheus, 'targets?state=active')).activeTargets;
    return (
      targets.length === 2 &&
      targets.every(({ labels, health, lastError }) =>
        labels.job === 'right' ? health === 'up' : /HTTP/.test(lastError),
      )
    );
  }).catch(() => {});
  assert.deepEqual(targets.map(({ labels, health, lastError }) => [labels.job, health, lastError]).sort(), [
    ['right', 'up', ''],
    ['wrong', 'down', 'server returned HTTP status 401 Unauthorized'],
  ]);
});

test('a new certificate is for new connections; those that are there stay', async (t) => {
  const { url: address, folder } = await start(t);
  const url = await address();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const before = await scrape(url, { agent });
  assert.equal(before.name, 'first');
  const made = makeCertificate(folder, 'second');
  await until('the certificate second', async () => {
    // A connection that nobody uses for seconds is closed.
    const after = await scrape(url, { agent });
    assert.deepEqual([after.name, after.port], ['first', before.port]);
    assert.match(after.page, /^target_info/m);
    return (await scrape(url)).name === 'second';
  });
  await made;
});

test('a new certificate that cannot be used is one line, and the old one goes on', async (t) => {
  const { service, url: address, folder, files } = await start(t);
  const url = await address();
  const other = throwAwayFolder();
  t.after(() => other.remove());
  const keep = join(folder, 'kept.crt');
  copyFileSync(files.certificate, keep);
  const lines = () => service.stderr().match(/^otel: the certificate of \/metrics stays as it was: .*$/gm) ?? [];
  const said = async (count: number) => {
    await until(`${count} lines`, async () => {
      assert.equal((await scrape(url)).name, 'first');
      return lines().length === count;
    });
  };
  copyFileSync((await makeCertificate(other.path, 'of another key')).certificate, files.certificate);
  await said(1);
  assert.match(lines()[0] ?? '', /key values mismatch/);
  writeFileSync(files.certificate, 'nonsense');
  await said(2);
  rmSync(files.certificate);
  await said(3);
  assert.match(lines()[2] ?? '', /ENOENT/);
  copyFileSync(keep, files.certificate);
  for (let scrapes = 0; scrapes < 3; scrapes++) assert.equal((await scrape(url)).name, 'first');
  await makeCertificate(folder, 'second');
  await becomes('second', url);
  assert.equal(lines().length, 3);
  assert.ok(!service.stderr().includes(readFileSync(files.key, 'utf8').split('\n')[1] as string));
});

test('files that cannot be used are one line, nothing is served without TLS, and they are used once they can be', async (t) => {
  const missing = { OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE: '/nowhere/tls.key' };
  const { service } = await start(t, missing);
  await untilSaid(service, /no metrics on/);
  assert.match(
    service.stderr(),
    /^otel: no metrics on 127\.0\.0\.1:0 yet, \S+ and \S+ cannot be used: ENOENT.*: the service runs on\n$/,
  );
  assert.equal((await fetch(service.url)).status, 200);

  const half = await start(t, { OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE: '' });
  await untilSaid(half.service, /no metrics on/);
  assert.match(half.service.stderr(), /, a certificate needs a key, and a key a certificate: the service runs on\n$/);

  const { folder } = await start(t);
  const later = join(folder, 'later.key');
  const late = await start(t, { OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE: later });
  await untilSaid(late.service, /no metrics on/);
  copyFileSync(late.files.key, later);
  assert.equal((await scrape(await late.url())).name, 'first');
});

test('who speaks no TLS gets nothing and disturbs nobody', async (t) => {
  const { service, url: address } = await start(t);
  const url = await address();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await text(socket).catch(() => '');
  assert.doesNotMatch(answer, /target_info|HTTP/);
  assert.match((await scrape(url)).page, /^target_info/m);
  await service.stop();
  assert.equal(service.stderr().match(/^otel:/gm)?.length, 1);
});

test('who connects and never speaks TLS shuts nobody out, however many they are', async (t) => {
  const { url: address } = await start(t);
  const url = await address();
  const { port } = new URL(url);
  for (let opened = 0; opened < 600; opened += 100) {
    const some = Array.from({ length: 100 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
    t.after(() => some.map((socket) => socket.destroy()));
    await Promise.all(some.map((socket) => once(socket, 'connect')));
    assert.match((await scrape(url)).page, /^target_info/m);
  }
});
