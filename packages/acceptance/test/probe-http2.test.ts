import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';
import { increase, type MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { presharedKey } from './support/raw-connection.ts';
import { answered, connections, inFlight, ServerTraffic } from './support/server-traffic.ts';
import { until } from './support/until.ts';

let service: Program;
let clear: string;
let secure: string;
let streams: string;

before(async () => {
  service = await startProgram('http2-server.cjs');
  [clear, secure, streams] = service.urls as [string, string, string];
});
after(() => service.stop());

const trafficOf = (program: () => Program) =>
  new ServerTraffic(
    program,
    ...['url_scheme', 'network_protocol_version', 'http_request_method', 'http_response_status_code'],
  );
const traffic = trafficOf(() => service);

async function session(url: string): Promise<ClientHttp2Session> {
  const psk = {
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: presharedKey, identity: 'test' }),
  } as const;
  const client = connect(url, url.startsWith('https:') ? psk : {});
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

function send(client: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  return client
    .request({ ':path': path, ...headers }, { endStream: headers[':method'] === undefined })
    .on('error', () => {});
}

/** A request from its beginning to its end: status and body. */
async function get(client: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}, body?: string) {
  const stream = send(client, path, headers);
  if (headers[':method'] !== undefined) stream.end(body);
  let status = 0;
  stream.on('response', (head) => {
    status = head[':status'] ?? 0;
  });
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(stream, 'close');
  return { status, text };
}

async function closed(client: ClientHttp2Session) {
  client.destroy();
  if (!client.closed) await once(client, 'close');
}

test('requests are counted by scheme, method and status under version 2, 5xx as errors', async () => {
  const added = await traffic.ends(async () => {
    for (const url of [clear, secure]) {
      const client = await session(url);
      await Promise.all(['/ok', '/ok?x=1', '/missing', '/broken'].map((path) => get(client, path)));
      await get(client, '/ok', { ':method': 'HEAD' });
      await get(client, '/early-hints');
      await closed(client);
    }
  });
  const of = (scheme: string) => ({
    [`${scheme} 2 GET 200 –`]: 3,
    [`${scheme} 2 GET 404 –`]: 1,
    [`${scheme} 2 GET 503 503`]: 1,
    [`${scheme} 2 HEAD 200 –`]: 1,
  });
  assert.deepEqual(added, { ...of('http'), ...of('https') });
});

test('a server that answers HTTP/1 too counts those requests as such', async () => {
  const added = await traffic.ends(() => answered(secure, /ok$/, 'GET /ok'));
  assert.deepEqual(added, { 'https 1.1 GET 200 –': 1 });
});

test('requests of a server that works with streams are counted', async () => {
  const added = await traffic.ends(async () => {
    const client = await session(streams);
    await get(client, '/any');
    await get(client, '/file');
    await closed(client);
  });
  assert.deepEqual(added, { 'http 2 GET 202 –': 1, 'http 2 GET 200 –': 1 });
});

test('a stream that the client resets is an abort, with the status that it got', async () => {
  const client = await session(clear);
  const before = await traffic.ends(async () => {
    const stream = send(client, '/hold', { ':method': 'PUT' });
    await traffic.running('PUT');
    stream.close(constants.NGHTTP2_CANCEL);
    await traffic.running('PUT', 0);
  });
  assert.deepEqual(before, { 'http 2 PUT – aborted': 1 });
  const within = await traffic.ends(async () => {
    const stream = send(client, '/stream');
    await once(stream, 'data');
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, 'close');
  });
  assert.deepEqual(within, { 'http 2 GET 200 aborted': 1 });
  const behind = await traffic.ends(async () => {
    const stream = send(client, '/big');
    await once(stream, 'response');
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, 'close');
  });
  assert.deepEqual(behind, { 'http 2 GET 200 aborted': 1 });
  await closed(client);
});

test('all streams of a connection that is lost are aborts', async () => {
  const added = await traffic.ends(async () => {
    const client = await session(clear);
    send(client, '/hold', { ':method': 'PATCH' });
    send(client, '/hold', { ':method': 'PATCH' });
    await traffic.running('PATCH', 2);
    await closed(client);
    await traffic.running('PATCH', 0);
  });
  assert.deepEqual(added, { 'http 2 PATCH – aborted': 2 });
});

test('requests in flight and open connections are right while they last, and none are left', async () => {
  const base = connections(await service.scrape());
  const clients = await Promise.all([clear, clear, secure].map(session));
  const waiting = clients.slice(0, 2).map((client) => get(client, '/hold', { ':method': 'DELETE' }));
  await traffic.running('DELETE', 2);
  assert.equal(connections(await service.scrapeNow()), base + 3);
  await get(clients[2] as ClientHttp2Session, '/release');
  assert.deepEqual(await Promise.all(waiting), Array(2).fill({ status: 200, text: 'released' }));
  await Promise.all(clients.map(closed));
  await until('no connection more', async () => connections(await service.scrapeNow()) <= base);
  assert.deepEqual(
    Object.values(inFlight(await service.scrape())).filter((value) => value !== 0),
    [],
  );
});

test('bodies are measured as they are transferred', async () => {
  const sizes = (page: MetricsPage, of: string) =>
    page.values(`http_server_${of}_body_size_bytes_sum`, 'http_request_method', 'http_response_status_code');
  const before = await service.scrape();
  const client = await session(clear);
  await get(client, '/chunks');
  await get(client, '/empty');
  await get(client, '/body', { ':method': 'POST' }, 'é'.repeat(1000));
  await get(client, '/body', { ':method': 'PUT', 'content-length': 3 }, 'abc');
  await closed(client);
  const other = await session(streams);
  await get(other, '/file');
  await closed(other);
  const page = await service.scrape();
  const file = statSync(join(resolve(repositoryRoot, 'packages/acceptance/programs'), 'http2-server.cjs')).size;
  assert.deepEqual(increase(sizes(before, 'response'), sizes(page, 'response')), {
    'GET 200': 2002 + file,
    'POST 200': 4,
    'PUT 200': 4,
  });
  assert.deepEqual(increase(sizes(before, 'request'), sizes(page, 'request')), { 'POST 200': 2000, 'PUT 200': 3 });
});

test('requests, responses and servers have the listeners that they have without the agent', async (t) => {
  const bare = await startProgram('http2-server.cjs', { nodeArguments: [] });
  t.after(() => bare.stop());
  const listeners = async (url: string) => {
    const client = await session(url);
    const { text } = await get(client, '/listeners');
    await closed(client);
    return JSON.parse(text);
  };
  const withAgent = await listeners(clear);
  // Of the connections: one for the server's end.
  withAgent.server = withAgent.server.filter(([name]: [string]) => name !== 'close');
  assert.deepEqual(withAgent, await listeners(bare.url));
});

test('servers that listened before the agent was loaded are measured', async (t) => {
  const first = ['-r', './packages/acceptance/programs/early-servers.cjs'];
  const program = await startProgram('nothing.cjs', { nodeArguments: [...first, '-r', './otel/register'] });
  t.after(() => program.stop());
  const [one, two] = program.urls as [string, string];
  assert.equal(await (await fetch(one)).text(), 'early');
  const client = await session(two);
  assert.equal((await get(client, '/')).text, 'early');
  await closed(client);
  assert.deepEqual(await trafficOf(() => program).total(), { 'http 1.1 GET 200 –': 1, 'http 2 GET 200 –': 1 });
});
