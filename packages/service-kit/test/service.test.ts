import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { run } from './run.ts';

async function started(env: Record<string, string> = {}) {
  const program = run('service.ts', env);
  const { port } = await program.logged('listening');
  return { ...program, port: Number(port), url: `http://127.0.0.1:${port}` };
}

describe('a running service', () => {
  let service: Awaited<ReturnType<typeof started>>;
  before(async () => {
    service = await started();
  });
  after(async () => {
    service.kill('SIGTERM');
    assert.equal((await service.ended).code, 0);
  });

  it('is live and ready', async () => {
    assert.deepEqual(await (await fetch(`${service.url}/health/live`)).json(), { status: 'live' });
    const ready = await fetch(`${service.url}/health/ready`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), { status: 'ready', checks: { thing: 'up' } });
  });

  it('answers a problem with its fields and headers', async () => {
    const response = await fetch(`${service.url}/teapot`);
    assert.equal(response.status, 409);
    assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    assert.equal(response.headers.get('x-tea'), '0');
    assert.deepEqual(await response.json(), {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'short and stout',
      errors: [{ field: 'tea', message: 'is out' }],
    });
  });

  it('keeps the cause of an unexpected error to its log', async () => {
    const response = await fetch(`${service.url}/broken`, { headers: { 'x-request-id': 'find-me' } });
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /secret cause/);
    const line = await service.logged('request errored');
    assert.equal(line.reqId, 'find-me');
    assert.equal((line.err as Error).message, 'the secret cause');
  });

  it('never writes a credential of a request into its log', async () => {
    const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2', 'x-request-id': 'last' };
    await fetch(`${service.url}/broken?token=hunter2`, { headers });
    const own = await started();
    await fetch(`${own.url}/broken?token=hunter2`, { headers });
    own.kill('SIGTERM');
    const { stdout } = await own.ended;
    assert.match(stdout, /"reqId":"last"/);
    assert.doesNotMatch(stdout, /hunter2/);
  });

  it('refuses a body that is no JSON, and one over the limit', async () => {
    const post = (body: string) =>
      fetch(`${service.url}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    assert.equal((await post('{')).status, 400);
    assert.equal((await post(JSON.stringify('x'.repeat(102_400)))).status, 413);
    assert.equal((await post('{"a":1}')).status, 200);
  });
});

describe('a service that is asked to stop', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} answers what it has accepted, closes what it opened and ends with exit code 0`, async () => {
      const service = await started();
      const answering = fetch(`${service.url}/slow`);
      await service.logged('slow began');
      const unused = connect(service.port, '127.0.0.1');
      await once(unused, 'connect');
      service.kill(signal);
      service.kill(signal);
      await service.logged('stopping');
      await assert.rejects(fetch(`${service.url}/health/live`));
      service.kill('SIGUSR2');
      const response = await answering;
      assert.deepEqual(await response.json(), { slow: true });
      const { code, stdout, stderr } = await service.ended;
      assert.equal(code, 0);
      assert.equal(stderr, '');
      assert.match(stdout, /thing closed[\s\S]*"msg":"stopped"/);
      unused.destroy();
    });
  }

  it('is not ready any more, which a client with an open connection sees', async () => {
    const service = await started();
    const socket = connect(service.port, '127.0.0.1').setEncoding('utf8');
    let received = '';
    socket.on('data', (text) => {
      received += text;
    });
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n');
    await service.logged('slow began');
    service.kill('SIGTERM');
    await service.logged('stopping');
    socket.write('GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n');
    await service.logged('thing checked');
    service.kill('SIGUSR2');
    await once(socket, 'close');
    assert.match(received, /^HTTP\/1\.1 200 OK/);
    assert.match(received.slice(1), /HTTP\/1\.1 503 [\s\S]*\r\nconnection: close\r\n[\s\S]*"not ready"/i);
    assert.equal((await service.ended).code, 0);
  });
});

describe('a service that cannot start', () => {
  it('says in one line that its port is taken and ends with exit code 1', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await run('service.ts', { PORT: String(port) }).ended;
    other.close();
    assert.equal(code, 1);
    assert.equal(stderr, '');
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 1);
    assert.match(JSON.parse(lines[0] ?? '').msg, new RegExp(`does not start: .*EADDRINUSE.*${port}`));
  });

  it('says what it could not open', async () => {
    const { code, stdout } = await run('service.ts', { THING: 'missing' }).ended;
    assert.equal(code, 1);
    assert.match(stdout, /"msg":"the service does not start: the thing cannot be reached"/);
  });
});

it('a service whose resource does not answer is live but not ready', async () => {
  const service = await started({ THING: 'down' });
  const ready = await fetch(`${service.url}/health/ready`);
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { status: 'not ready', checks: { thing: 'down' } });
  assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
  service.kill('SIGTERM');
  assert.equal((await service.ended).code, 0);
});
