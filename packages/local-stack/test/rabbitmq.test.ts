import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startRabbitmq } from '@payments/local-stack';
import { temporaryFolder } from './temporary-folder.ts';

/** What a server says first to a client of AMQP 0-9-1. */
async function greeting(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('AMQP\0\0\x09\x01');
  const [greeting] = await once(socket, 'data');
  socket.destroy();
  return String(greeting);
}

const pids = (dataDir: string) =>
  ['beam.pid', 'epmd.pid'].map((file) => Number(readFileSync(join(dataDir, file), 'utf8')));

function assertGone(processes: number[]): void {
  for (const pid of processes) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
}

test('RabbitMQ starts on a free port, and leaves no process behind, nor the name server of Erlang', async () => {
  const dataDir = temporaryFolder();
  const rabbitmq = await startRabbitmq({ dataDir });
  const running = pids(dataDir);
  try {
    assert.match(await greeting(rabbitmq.url), /RabbitMQ/);
  } finally {
    await rabbitmq.stop();
  }
  assertGone(running);
});

test('a RabbitMQ whose parent was killed is found by the next start', async (t) => {
  const dataDir = temporaryFolder();
  const script = `
    import { startRabbitmq } from '@payments/local-stack';
    await startRabbitmq({ dataDir: ${JSON.stringify(dataDir)} });
    process.kill(process.pid, 'SIGKILL');`;
  const killed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  await assert.rejects(killed, { signal: 'SIGKILL' });
  const leftOver = pids(dataDir);
  for (const pid of leftOver) process.kill(pid, 0);

  const rabbitmq = await startRabbitmq({ dataDir });
  t.after(() => rabbitmq.stop());
  assertGone(leftOver);
  assert.match(await greeting(rabbitmq.url), /RabbitMQ/);
});
