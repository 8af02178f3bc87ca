import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '@payments/local-stack';
import { askEcho } from './support/asked-and-answered.ts';
import { counted, pageOf, processes, send, showing } from './support/cluster-traffic.ts';
import { scrapeAtRest } from './support/metrics-page.ts';
import { nodeUnderTest, type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

const CANNOT_MOUNT = spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'mounting is for root, on Linux';

/** A disk of that many kilobytes, whose programs have nothing else to write to. */
function smallDisk(t: TestContext, options: string) {
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]);
  t.after(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  const filling = join(folder, 'filling');
  return {
    /** But for a part of what is written at once. */
    fill() {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filling, Buffer.alloc((bavail - 1) * bsize));
    },
    empty: () => rmSync(filling),
    start: (name: string, agent = ['-r', './otel/register']): Promise<Program> =>
      startProgram(name, {
        node: 'unshare',
        nodeArguments: [
          ...['--mount', 'sh', '-c', `mount --bind ${folder} /dev/shm && exec "$@"`, 'sh', nodeUnderTest, ...agent],
        ],
        env: { TMPDIR: folder },
      }),
  };
}

test('a cluster whose disk is full answers as ever, and its numbers are whole again when it is not', {
  skip: CANNOT_MOUNT,
}, async (t) => {
  const disk = smallDisk(t, 'size=512k');
  const program = await disk.start('cluster.cjs');
  t.after(() => program.stop());
  const url = await program.metricsUrl();
  await send(program.url, 40);
  await showing(40, () => pageOf(url));

  disk.fill();
  await send(program.url, 400);
  let inTime = 0;
  await until('all have answered in time for ten pages', async () => {
    const page = await pageOf(url);
    assert.ok(counted(page) >= 40, 'what was on the page stays there');
    const { running, late = 0 } = processes(page);
    assert.equal((running ?? 0) + late, 5);
    if (late === 0) inTime++;
    return inTime === 10;
  });

  disk.empty();
  await showing(440, () => pageOf(url));
  assert.deepEqual(await program.stop(), await stoppedBare('cluster.cjs'));
  const [start = '', ...lines] = program.stderr().trimEnd().split('\n');
  assert.match(start, /^otel: metrics of /);
  assert.ok(lines.length <= 5, `more than one of each process:\n${lines.join('\n')}`);
  for (const line of lines)
    assert.match(line, /^otel: numbers of the cluster may be missing: Error: ENOSPC: no space left on device, write$/);
});

async function stoppedBare(name: string) {
  const bare = await startProgram(name, { nodeArguments: [] });
  return bare.stop();
}

test('a service on a disk on which nothing can be made answers, is counted and ends as ever', {
  skip: CANNOT_MOUNT,
}, async (t) => {
  const disk = smallDisk(t, 'nr_inodes=1');
  const program = await disk.start('echo.cjs');
  t.after(() => program.stop());
  assert.deepEqual(await askEcho(program.url, 200, 10), { answered: 200, refused: 0, changed: 0, lost: 0 });
  assert.equal(counted(await program.scrape(), 'POST'), 200);
  assert.deepEqual(await program.stop(), await stoppedBare('echo.cjs'));
  assert.match(program.stderr(), /^otel: metrics of \S+ on \S+\n$/);
});

test('a service whose stderr is full answers, is counted and ends as ever', async (t) => {
  const port = await freePort();
  const program = await startProgram('echo.cjs', {
    node: 'sh',
    nodeArguments: ['-c', 'exec "$@" 2>/dev/full', 'sh', nodeUnderTest, '-r', './otel/register'],
    env: { OTEL_EXPORTER_PROMETHEUS_PORT: String(port), OTEL_METRICS_CARDINALITY_LIMIT: 'many' },
  });
  t.after(() => program.stop());
  assert.deepEqual(await askEcho(program.url, 200, 10), { answered: 200, refused: 0, changed: 0, lost: 0 });
  assert.equal(counted(await scrapeAtRest(`http://localhost:${port}/metrics`), 'POST'), 200);
  assert.deepEqual(await program.stop(), await stoppedBare('echo.cjs'));
});
