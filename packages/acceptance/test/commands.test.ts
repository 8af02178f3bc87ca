import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import {
  freePort,
  parsePrometheusText,
  type ServiceStatus,
  type Stack,
  startStack,
  sumOf,
} from '@payments/local-stack';
import { until } from './support/until.ts';

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs what scripts/load.mjs and scripts/backend-status.mjs run after their set-up. */
function command(name: 'runLoad' | 'runBackendStatus', args: string[], env: Record<string, string>): Promise<Result> {
  const program = `import { ${name} as run } from '@payments/local-stack';
    try { process.exitCode = await run(process.argv.slice(1), process.env); }
    catch (error) { console.error(error.message); process.exitCode = 1; }`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', program, '--', ...args],
      { cwd: import.meta.dirname, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe('with the system running under the agent', () => {
  let stack: Stack;
  let urls: Record<string, string>;
  before(async () => {
    stack = await startStack({ agent: true, env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' } });
    const entries = Object.values(stack.services).map(({ name, url }) => [
      `${name.toUpperCase().replace('-', '_')}_URL`,
      url,
    ]);
    urls = Object.fromEntries(entries);
  });
  after(() => stack?.stop());

  test('npm run load gets only expected answers, and the gateway counted each of its requests', async () => {
    const { code, stdout, stderr } = await command(
      'runLoad',
      ['--rate', '30', '--duration', '4', '--users', '30'],
      urls,
    );
    assert.equal(code, 0, stdout + stderr);
    const sent = Number(/^(\d+) requests in/m.exec(stdout)?.[1]);
    assert.ok(sent > 0, stdout);
    for (const action of ['register', 'log in', 'read payment']) assert.match(stdout, new RegExp(`^${action} `, 'm'));
    await until(`${sent} requests are counted`, async () => {
      const page = parsePrometheusText(await (await fetch(`${stack.url}/metrics`)).text());
      const isOfUser = ({ http_route = '' }) => !/^\/(health|metrics)/.test(http_route);
      const counted = sumOf(page, 'http_server_requests_total', isOfUser);
      assert.ok(counted <= sent, `${counted} requests are counted, and ${sent} were sent`);
      return counted === sent;
    });
  });

  test('npm run backend:status shows all five as ready, with their numbers', async () => {
    const { code, stdout } = await command('runBackendStatus', [], urls);
    assert.equal(code, 0, stdout);
    const [headings, ...rows] = stdout.trimEnd().split('\n');
    assert.match(String(headings), /^service +URL +ready +uptime +requests +errors +p95 +cache hits +pool use$/);
    assert.equal(rows.length, 5);
    for (const row of rows) assert.match(row, / yes /);
    assert.match(rows.find((row) => row.startsWith('payments ')) ?? '', /\d+ m?s +\d+\.\d % +\d+ of \d+$/);
  });

  test('npm run backend:status -- --json gives the numbers to programs', async () => {
    const { stdout } = await command('runBackendStatus', ['--json'], urls);
    const statuses: ServiceStatus[] = JSON.parse(stdout);
    const gateway = statuses.find(({ service }) => service === 'api-gateway');
    assert.equal(gateway?.state, 'ready');
    assert.ok(Number(gateway?.requests) > 0);
    assert.equal(gateway?.poolMax, null);
  });

  test('npm run backend:status says which service is down, with exit status 1', async () => {
    await stack.services.profile.stop();
    const { code, stdout } = await command('runBackendStatus', [], urls);
    assert.equal(code, 1);
    assert.match(stdout, /^profile .* down /m);
    assert.equal(stdout.match(/ yes /g)?.length, 4);
  });
});

test('npm run load without a system says how to start it', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { code, stderr } = await command('runLoad', ['--url', url], {});
  assert.equal(code, 1);
  assert.equal(stderr, `No gateway answers at ${url}: start the system with npm start, in another terminal.\n`);
});

test('npm run load names a bad option, its value and what is expected', async () => {
  const { code, stderr } = await command('runLoad', ['--rate', 'fast'], {});
  assert.equal(code, 1);
  assert.equal(stderr, '--rate is "fast": expected a number above 0 to 10000\n');
});
