import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './run.ts';

const good = { JWT_SECRET: 's'.repeat(32), DATABASE_URL: 'postgres://user:hidden@localhost/auth' };

test('a good environment gives typed values and the defaults', async () => {
  const { code, stdout, stderr } = await run('config.ts', { ...good, PORT: '0' }).ended;
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), { ...good, PORT: 0, LOG_LEVEL: 'info' });
});

test('each bad or missing variable is one line with its name, its value and what was expected', async () => {
  const env = { PORT: '70000', LOG_LEVEL: 'loud', AUTH_URL: 'localhost:3001', JWT_SECRET: '' };
  const { code, stdout, stderr } = await run('config.ts', env).ended;
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.trim().split('\n').sort(), [
    'AUTH_URL is "localhost:3001": expected a URL that starts with http://; the service does not start',
    'DATABASE_URL is not set: expected a URL that starts with postgres:// or postgresql://; the service does not start',
    'JWT_SECRET is not set: expected a secret of at least 32 characters; the service does not start',
    'LOG_LEVEL is "loud": expected one of fatal, error, warn, info, debug, trace, silent; the service does not start',
    'PORT is "70000": expected a whole number from 0 to 65535; the service does not start',
  ]);
});

test('a bad secret is named but never shown', async () => {
  const { code, stderr } = await run('config.ts', { JWT_SECRET: 'hunter2', DATABASE_URL: 'mysql://me:hunter2@db/x' })
    .ended;
  assert.equal(code, 1);
  assert.match(stderr, /^JWT_SECRET has a bad value \(not shown\): expected a secret/m);
  assert.match(stderr, /^DATABASE_URL has a bad value \(not shown\): expected a URL/m);
  assert.doesNotMatch(stderr, /hunter2/);
});
