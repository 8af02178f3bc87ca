import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Redis, type Service, startRedis } from '@payments/local-stack';
import { type Answer, accessToken, type Call, call } from './support/api-client.ts';
import { ownRedis } from './support/own-redis.ts';
import { startService } from './support/service.ts';
import { until } from './support/until.ts';
import { ok, startUpstream, type Upstream } from './support/upstream.ts';

const secret = 'a secret for tests, and for nothing else';
const readme = readFileSync(new URL('../../../services/README.md', import.meta.url), 'utf8');
const documentedRoutes = [...readme.matchAll(/^\| (GET|POST|PUT|PATCH|DELETE) (\/\S+) \|/gm)].map(
  ([, method = '', path = '']) => ({ method, path: path.replace(':id', '7') }),
);
const openPaths = ['/auth/register', '/auth/login', '/auth/refresh'];

describe('api-gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-'));
  let redis: Redis;
  let upstream: Upstream;
  let gateway: Service;
  const started: Service[] = [];

  async function startGateway(env: Record<string, string> = {}): Promise<Service> {
    const urls = ['AUTH', 'PAYMENTS', 'ADMIN', 'PROFILE'].map((name) => [`${name}_URL`, upstream.url]);
    const service = await startService({
      name: 'api-gateway',
      env: { ...Object.fromEntries(urls), JWT_SECRET: secret, REDIS_URL: redis.url, ...env },
    });
    started.push(service);
    return service;
  }

  before(async () => {
    redis = await startRedis({ dataDir: join(folder, 'redis'), throwAway: true });
    upstream = await startUpstream();
    gateway = await startGateway({ RATE_LIMIT_PER_MINUTE: '100000' });
  });
  afterEach(() => {
    upstream.answer = ok;
    upstream.received.length = 0;
  });
  after(async () => {
    await Promise.all(started.map((service) => service.stop()));
    await upstream?.stop();
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const newToken = () => accessToken(secret, { sub: randomUUID(), role: 'user' });
  const send = (path: string, options?: Call) => call(`${gateway.url}${path}`, { token: newToken(), ...options });

  function assertProblem(answer: Answer, status: number) {
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.equal(answer.body.status, status);
    assert.ok(answer.body.detail);
  }

  /** Resolves with the request and answer of the next call that reaches the upstream, which stays unanswered. */
  const held = () =>
    new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
      upstream.answer = (...exchange) => resolve(exchange);
    });

  describe('forwarding', () => {
    it('carries every documented route as it came', async () => {
      assert.equal(documentedRoutes.length, 22);
      for (const { method, path } of documentedRoutes) {
        const body = method === 'GET' ? undefined : JSON.stringify({ text: 'grüß' });
        assert.equal((await send(`${path}?a=1&b=%2F`, { method, body })).status, 200, `${method} ${path}`);
        const [{ headers: _headers, ...received } = { headers: {} }] = upstream.received.splice(0);
        assert.deepEqual(received, { method, url: `${path}?a=1&b=%2F`, body: body ?? '' });
      }
    });

    it('gives back status, headers and body as the service answered', async () => {
      upstream.answer = (_request, response) => {
        response.writeHead(418, { 'content-type': 'application/json', 'x-own': 'yes', 'set-cookie': ['a=1', 'b=2'] });
        response.end('{"tea":true}');
      };
      const { status, headers, body } = await send('/profile');
      assert.equal(status, 418);
      assert.equal(headers.get('x-own'), 'yes');
      assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2']);
      assert.deepEqual(body, { tea: true });
    });

    it('answers HEAD like GET, without a body', async () => {
      upstream.answer = (_request, response) => response.setHeader('content-length', 2).end('{}');
      const { status, headers } = await send('/profile', { method: 'HEAD' });
      assert.equal(status, 200);
      assert.equal(headers.get('content-length'), '2');
    });

    it('passes trace headers, the token and the request id on', async () => {
      const headers = {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=1,b=2',
        baggage: 'user=ann',
        b3: '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1',
        'sentry-trace': '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1',
        'x-request-id': 'abc-123',
        'idempotency-key': 'k',
      };
      const token = newToken();
      const answer = await send('/payments', { method: 'POST', body: {}, token, headers });
      assert.equal(answer.headers.get('x-request-id'), 'abc-123');
      const [received] = upstream.received;
      for (const [name, value] of Object.entries(headers)) assert.equal(received?.headers[name], value, name);
      assert.equal(received?.headers.authorization, `Bearer ${token}`);
    });

    it('makes a request id where the client gave none, or none that a log can hold', async () => {
      for (const headers of [{}, { 'x-request-id': 'a b'.repeat(100) }] as Record<string, string>[]) {
        const answer = await send('/profile', { headers });
        const id = answer.headers.get('x-request-id') ?? '';
        assert.match(id, /^[0-9a-f-]{36}$/);
        assert.equal(upstream.received.pop()?.headers['x-request-id'], id);
      }
    });

    it('says who asked, whatever the client claims, and keeps headers of the connection to itself', async () => {
      const { hostname, port, host } = new URL(gateway.url);
      const headers = {
        authorization: `Bearer ${newToken()}`,
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-proto': 'https',
        connection: 'close, x-hop',
        'x-hop': '1',
        te: 'trailers',
        'proxy-authorization': 'Basic x',
      };
      const [response] = await once(httpRequest({ hostname, port, path: '/profile', headers }).end(), 'response');
      response.resume();
      assert.equal(response.statusCode, 200);
      const received = upstream.received[0]?.headers ?? {};
      assert.equal(received['x-forwarded-for'], '127.0.0.1');
      assert.equal(received['x-forwarded-proto'], 'http');
      assert.equal(received['x-forwarded-host'], host);
      assert.equal(received.connection, 'keep-alive');
      for (const name of ['x-hop', 'te', 'proxy-authorization']) assert.equal(received[name], undefined, name);
    });

    it('streams an answer as it comes', async () => {
      const holding = held();
      const answering = fetch(`${gateway.url}/profile`, { headers: { authorization: `Bearer ${newToken()}` } });
      const [, response] = await holding;
      response.write('first');
      const { body } = await answering;
      const reader = body?.getReader();
      const first = await reader?.read();
      assert.equal(Buffer.from(first?.value ?? []).toString(), 'first');
      response.end('last');
      assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'last');
    });

    it('keeps its connections to a service for the next requests', async () => {
      const ports = new Set<number | undefined>();
      upstream.answer = (request, response) => {
        ports.add(request.socket.remotePort);
        ok(request, response);
      };
      for (let request = 0; request < 5; request++) await send('/payments', { method: 'POST', body: {} });
      assert.equal(ports.size, 1);
    });

    it('does not let the body of a GET through as a request of its own', async () => {
      const smuggled = 'GET /internal/users HTTP/1.1\r\nhost: x\r\n\r\n';
      const { hostname, port } = new URL(gateway.url);
      const socket = connect(Number(port), hostname);
      const head = `GET /profile HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${newToken()}\r\nconnection: close\r\n`;
      socket.write(
        `${head}transfer-encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
      );
      socket.resume();
      await once(socket, 'close');
      await send('/profile');
      assert.deepEqual(
        upstream.received.map(({ url, body }) => ({ url, body })),
        [
          { url: '/profile', body: '' },
          { url: '/profile', body: '' },
        ],
      );
    });
  });

  describe('the door', () => {
    it('is shut for paths and methods that are not public', async () => {
      const token = accessToken(secret, { sub: 'service:admin', role: 'service' });
      assertProblem(await send('/internal/users', { token }), 404);
      assertProblem(await send('/internal/payments', { token }), 404);
      assertProblem(await send('/'), 404);
      assertProblem(await send('/auth/nothing'), 404);
      assertProblem(await send('/payments/7/nothing'), 404);
      assertProblem(await send('/payments/7', { method: 'DELETE' }), 404);
      assert.deepEqual(upstream.received, []);
    });

    it('wants a valid token for all but register, login and refresh', async () => {
      const expired = accessToken(secret, { sub: randomUUID(), role: 'user', expiresIn: -60 });
      for (const { method, path } of documentedRoutes) {
        for (const token of [undefined, 'nonsense', expired]) {
          const answer = await send(path, { method, token });
          if (openPaths.includes(path)) assert.equal(answer.status, 200, path);
          else assertProblem(answer, 401);
        }
      }
      assert.deepEqual([...new Set(upstream.received.map(({ url }) => url))], openPaths);
    });

    it('refuses a path that is not validly encoded', async () => {
      assertProblem(await send('/payments/%ff'), 400);
    });
  });

  describe('the rate limit', () => {
    it('answers 429 with Retry-After to one user and lets others through', async () => {
      const limited = await startGateway({ RATE_LIMIT_PER_MINUTE: '3' });
      const [ann, bob] = [newToken(), newToken()];
      const profile = (token: string) => call(`${limited.url}/profile`, { token });
      const answers = await Promise.all(Array.from({ length: 5 }, () => profile(ann)));
      const refused = answers.filter(({ status }) => status === 429);
      assert.equal(refused.length, 2);
      assert.equal(upstream.received.length, 3);
      for (const answer of refused) {
        assertProblem(answer, 429);
        const seconds = Number(answer.headers.get('retry-after'));
        assert.ok(seconds > 0 && seconds <= 60, String(seconds));
      }
      assert.equal((await profile(bob)).status, 200);
    });

    it('counts those without a valid token by their address, and never a health check', async () => {
      // In a database of its own: other tests of this file have counted this address.
      const limited = await startGateway({ RATE_LIMIT_PER_MINUTE: '1', REDIS_URL: `${redis.url}/1` });
      const url = `${limited.url}/auth/login`;
      assert.equal((await call(url, { method: 'POST', body: {} })).status, 200);
      assertProblem(await call(url, { method: 'POST', body: {} }), 429);
      assertProblem(await call(`${limited.url}/profile`, { token: 'nonsense' }), 429);
      for (let check = 0; check < 3; check++) assert.equal((await call(`${limited.url}/health/ready`)).status, 200);
    });

    it('is lifted while Redis is away, which the log says once, and the gateway is not ready then', async () => {
      const own = await ownRedis();
      const limited = await startGateway({ RATE_LIMIT_PER_MINUTE: '1', REDIS_URL: own.url });
      const token = newToken();
      await own.stop();
      const readiness = async () => (await call(`${limited.url}/health/ready`)).status;
      await until('it is not ready', async () => (await readiness()) === 503);
      for (let request = 0; request < 5; request++) {
        assert.equal((await call(`${limited.url}/profile`, { token })).status, 200);
      }
      assert.equal((await call(`${limited.url}/health/live`)).status, 200);

      await own.startAgain();
      await until('it is ready again', async () => (await readiness()) === 200);
      await call(`${limited.url}/profile`, { token });
      assertProblem(await call(`${limited.url}/profile`, { token }), 429);
      await limited.stop();
      await own.stop();
      assert.equal(limited.stdout().match(/Redis cannot be reached/g)?.length, 1);
      assert.equal(limited.stderr(), '');
    });
  });

  describe('a service behind it that fails', () => {
    it('is a 502 when nobody listens', async () => {
      const lonely = await startGateway({ PAYMENTS_URL: 'http://127.0.0.1:1' });
      const answer = await call(`${lonely.url}/payments`, { token: newToken() });
      assertProblem(answer, 502);
      assert.match(answer.body.detail, /payments/);
      assert.equal((await call(`${lonely.url}/profile`, { token: newToken() })).status, 200);
    });

    it('is a 502 when it breaks the connection before it answers', async () => {
      upstream.answer = (request) => request.socket.destroy();
      assertProblem(await send('/payments', { method: 'POST', body: {} }), 502);
    });

    it('is a broken connection, not a short answer, when it breaks in the middle', async () => {
      upstream.answer = (request, response) => {
        response.write('half', () => request.socket.destroy());
      };
      await assert.rejects(send('/profile'));
    });

    it('is a 504 when it is slower than UPSTREAM_TIMEOUT_MS, and its request is ended', async () => {
      const impatient = await startGateway({ UPSTREAM_TIMEOUT_MS: '500' });
      const holding = held();
      const answer = await call(`${impatient.url}/payments`, { method: 'POST', body: {}, token: newToken() });
      assertProblem(answer, 504);
      assert.match(answer.body.detail, /payments.*500 ms/);
      const [, response] = await holding;
      if (!response.destroyed) await once(response, 'close');
    });
  });

  it('ends the request to the service when the client gives up', async () => {
    const holding = held();
    const client = new AbortController();
    const options = { headers: { authorization: `Bearer ${newToken()}` }, signal: client.signal };
    const answering = fetch(`${gateway.url}/profile`, options);
    const [, response] = await holding;
    client.abort();
    await assert.rejects(answering);
    if (!response.destroyed) await once(response, 'close');
    assert.equal(response.writableFinished, false);
  });

  it('answers what it has accepted when it is asked to stop, and then ends with exit code 0', async () => {
    const stopping = await startGateway();
    const holding = held();
    const answering = call(`${stopping.url}/profile`, { token: newToken() });
    const [request, response] = await holding;
    stopping.kill('SIGTERM');
    await until('it is stopping', () => stopping.stdout().includes('"stopping"'));
    await assert.rejects(call(`${stopping.url}/health/live`));
    ok(request, response);
    assert.equal((await answering).status, 200);
    assert.deepEqual(await stopping.exited, { code: 0, signal: null });
    assert.equal(stopping.stderr(), '');
  });
});
