import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { HELLO, metricsUrl, node, run, serviceFolder } from './support/program.ts';

const hasStrace = spawnSync('strace', ['--version']).status === 0;
const SPANS = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

for (const [what, env] of [
  ['with metrics', {}],
  ['with metrics and spans', SPANS],
] as const) {
  test(`${what} a service starts and ends without one call over the network`, { skip: !hasStrace }, async (t) => {
    const cwd = serviceFolder(t, { 'dist/main.js': HELLO });
    const calls = path.join(cwd, 'calls');
    const traced = [...'-f -q -e trace=connect,sendto,sendmsg,sendmmsg -o'.split(' '), calls, node];
    const args = [...traced, '-r', './otel/register', 'dist/main.js'];
    const service = run(t, { cwd, command: 'strace', args, env });
    await metricsUrl(service);
    await service.until(/service on/);
    // Its group, for strace itself does not end by that.
    process.kill(-Number(service.process.pid), 'SIGTERM');
    await service.ended;
    // The C library asks a daemon of the machine, if there is one, for the address of localhost.
    const remote = readFileSync(calls, 'utf8').match(/^.*(?:AF_INET|AF_NETLINK).*$/gm);
    assert.deepEqual(remote, null);
  });
}

test('as a unit of systemd, which has the root for its folder, and no HOME, PATH or terminal', async (t) => {
  const folder = serviceFolder(t, { 'dist/main.js': HELLO });
  const args = ['-r', path.join(folder, 'otel/register'), path.join(folder, 'dist/main.js')];
  const service = run(t, { cwd: '/', args, env: { PATH: '', TMPDIR: '/nonexistent' } });
  assert.match(await (await fetch(await metricsUrl(service))).text(), /^process_uptime_seconds /m);
  assert.match(service.output.stderr, /^otel: metrics of \S+ on http:\S+\n$/);
});
