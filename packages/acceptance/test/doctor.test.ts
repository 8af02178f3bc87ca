import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';

const LIBRARIES = join(repositoryRoot, 'packages', 'acceptance', 'libraries');

/** What is measured under its own name: Express 5 has its routes in router, redis its commands in @redis/client. */
const MEASURED = [
  '@hapi/hapi',
  '@prisma/client',
  'amqplib',
  'fastify',
  'hono',
  'ioredis',
  'koa',
  'pg',
  'restify',
  'router',
  'socket.io',
  'undici',
  'ws',
];

for (const set of ['current', 'between', 'boundary', 'oldest']) {
  test(`the doctor knows the ${set} versions of the libraries that the probes are tested with`, async () => {
    const cwd = join(LIBRARIES, set);
    const stdout = await doctor(cwd);
    const { dependencies } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
    const expected = Object.keys(dependencies).filter((name) => MEASURED.includes(name));
    assert.ok(expected.length > 0);
    for (const name of expected) assert.match(stdout, new RegExp(`^  ✔ ${name} [\\d.]+ +measured by the probe`, 'm'));
    assert.match(stdout, /^ {2}✔ @redis\/client [\d.]+ +measured by the probe redis, /m);
    assert.doesNotMatch(stdout, /nothing of it is measured/);
  });
}

function doctor(cwd: string): Promise<string> {
  const args = [join(repositoryRoot, 'otel', 'register.js'), '--doctor'];
  return new Promise((resolve) => execFile(process.execPath, args, { cwd }, (_error, stdout) => resolve(stdout)));
}
