import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { callService, Problem } from '../src/index.ts';

describe('a call to another service', () => {
  let server: Server;
  let url: string;
  let received: IncomingHttpHeaders;

  before(async () => {
    server = createServer((request, response) => {
      received = request.headers;
      const status = Number(request.url?.slice(1));
      if (status === 0) return;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(status === 201 ? '{"half' : '{"detail":"its words","errors":[{"field":"id","message":"wrong"}]}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const call = (path: string, timeoutMs = 5_000) =>
    callService({ url: new URL(path, url), token: 't', headers: { 'x-request-id': 'r' }, timeoutMs });
  const problem = (status: number, detail: RegExp, errors?: unknown) => (error: unknown) => {
    assert.ok(error instanceof Problem);
    assert.equal(error.status, status);
    assert.match(error.message, detail);
    assert.deepEqual(error.errors, errors);
    return true;
  };

  it('carries token and headers, and gives back the answer', async () => {
    assert.equal(((await call('/200')) as { detail: string }).detail, 'its words');
    assert.equal(received.authorization, 'Bearer t');
    assert.equal(received['x-request-id'], 'r');
  });

  it('passes on what the service says about the request', async () => {
    const errors = [{ field: 'id', message: 'wrong' }];
    for (const status of [404, 409, 422])
      await assert.rejects(call(`/${status}`), problem(status, /its words/, errors));
  });

  it('is a 502 when the service fails, refuses the caller, breaks off or is not there', async () => {
    for (const status of [500, 401, 403]) {
      await assert.rejects(call(`/${status}`), problem(502, new RegExp(`GET ${url}/${status} answered ${status}`)));
    }
    await assert.rejects(call('/201'), problem(502, /gave no JSON/));
    await assert.rejects(call('http://127.0.0.1:9/x'), problem(502, /127\.0\.0\.1:9\/x could not be reached/));
  });

  it('is a 504 when the service is slow', async () => {
    await assert.rejects(call('/0', 20), problem(504, /no answer within 20 ms/));
  });
});
