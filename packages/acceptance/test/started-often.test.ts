import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

/** What threads have left where they bring their numbers. */
function snapshotsOf({ pid }: Program): number {
  const places = ['/dev/shm', tmpdir()].map((root) => join(root, `otel-${process.getuid?.()}`)).filter(existsSync);
  const folders = places.flatMap((place) => readdirSync(place).map((name) => join(place, name)));
  const own = folders.filter((folder) => folder.includes(`-${pid}-`));
  return own.flatMap((folder) => readdirSync(folder)).filter((file) => file.endsWith('.snapshot')).length;
}

test('worker threads that come and go by the hundred, in each of which the agent starts and ends, leave nothing behind but what they have counted, also where nobody scrapes', {
  skip: process.platform !== 'linux' && 'the files of the process are looked at',
}, async (t) => {
  const program = await startProgram('threads-often.cjs', {
    nodeArguments: ['--expose-gc', '-r', './otel/register'],
  });
  t.after(() => program.stop());
  const left = async () => {
    const { heap, ...visible } = await program.step('left');
    return { heap, visible, files: readdirSync(`/proc/${program.pid}/fd`).length };
  };
  const together = () => until('what they have left is put together', () => snapshotsOf(program) < 15, 90_000);
  await program.step('hundred');
  await together();
  const before = await left();
  await program.step('hundred');
  await program.step('hundred');
  const after = await left();
  assert.deepEqual(after.visible, before.visible);
  // A connection of the test itself may come and go.
  assert.ok(after.files <= before.files + 3, `${before.files} files were open, and now ${after.files}`);
  const grown = (after.heap - before.heap) / 200;
  assert.ok(grown < 2_000, `${grown} bytes more are in use for each thread`);
  await together();
  await until('300 requests are on the page', async () => {
    const page = await program.scrape();
    return page.values('http_client_request_duration_seconds_count', 'http_response_status_code')[200] === 300;
  });
});
