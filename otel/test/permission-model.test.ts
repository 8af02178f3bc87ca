import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { HELLO, linesOf, metricsUrl, node, pageWith, run, serviceFolder } from './support/program.ts';

const major = Number(execFileSync(node, ['-p', 'parseInt(process.versions.node)'], { encoding: 'utf8' }));

/** Starts a service that may read its own folder, have a server, and nothing else. */
function restricted(t: TestContext, program: string, allowed: string[] = [], env: Record<string, string> = {}) {
  const cwd = serviceFolder(t, { 'dist/main.js': program });
  const flag = major < 22 ? '--experimental-permission' : '--permission';
  const net = major < 25 ? [] : ['--allow-net'];
  const allow = [cwd, ...allowed].map((path) => `--allow-fs-read=${path}`);
  const args = ['--no-warnings', flag, ...allow, ...net, '-r', './otel/register', 'dist/main.js'];
  return run(t, { cwd, args, env });
}

for (const [what, allowed, missing] of [
  ['its own folder', [], ['process.memory.virtual', 'process.thread.count', 'process.unix.file_descriptor.count']],
  ['/proc/self as well', ['/proc/self'], []],
] as const) {
  test(`under the permission model, a service that may read ${what} is measured, and what may not be read is said by its name`, async (t) => {
    const service = restricted(t, HELLO, [...allowed]);
    const [, port] = await service.until(/service on (\d+)/);
    assert.match((await service.until(/^otel: .*$/m))[0], /metrics of/);
    await (await fetch(`http://localhost:${port}/`)).text();
    await pageWith(await metricsUrl(service), /^http_server_requests_total\{.*\} 1$/m);
    for (const name of missing) await service.until(new RegExp(name));
    const leftOut = linesOf(service).map((line) => /^otel: a metric is left out: Error: (\S+): Access/.exec(line)?.[1]);
    assert.deepEqual(leftOut.slice(1).sort(), missing, service.output.stderr);
  });
}

test('under the permission model, spans that no other process may send are lost in one line, and the exit code is kept', async (t) => {
  const program = `${HELLO}
    server.on('listening', async () => {
      await (await fetch('http://localhost:' + server.address().port)).text();
      process.exit(3);
    });`;
  const env = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:9' };
  const { code, stderr } = await restricted(t, program, [], env).ended;
  assert.equal(code, 3);
  assert.match(stderr, /^otel: the last spans could not be sent and are lost: Error: Access to this API .*\n$/m);
  assert.doesNotMatch(stderr, /^ +at /m);
});
