import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { portOwner } from '../src/cluster/port-owner.ts';
import { SnapshotFolder } from '../src/cluster/snapshot-folder.ts';

/** Above every process id that Linux gives. */
const GONE = 4_194_305;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'otel-snapshots-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const text = (folder: SnapshotFolder) => folder.list().total.bytes.toString();
const bytes = (of: string) => [Buffer.from(of)];

test('a snapshot replaces the one before as a whole', (t) => {
  const folder = new SnapshotFolder(folderOf(t));
  folder.write('1-a', bytes('long and old'));
  folder.write('1-a', bytes('new'));
  assert.equal(folder.read('1-a').toString(), 'new');
  assert.deepEqual(folder.list().members, ['1-a']);
});

test('a snapshot for which the disk has no room is no snapshot, also where a part of it has', (t) => {
  const place = folderOf(t);
  // A page of memory, and one more for the second snapshot.
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', place]).status !== 0)
    return t.skip('mounting is for root');
  try {
    const folder = new SnapshotFolder(place);
    folder.write('1-a', bytes('whole'));
    assert.throws(() => folder.write('1-a', bytes('whole'.repeat(2_000))), { code: 'ENOSPC' });
    assert.equal(folder.read('1-a').toString(), 'whole');
    assert.deepEqual(readdirSync(place), ['1-a.snapshot'], 'what room there is was given back');
  } finally {
    execFileSync('umount', ['--lazy', place]);
  }
});

test('of two who make a total at once one succeeds, and what it includes is there once', (t) => {
  const place = folderOf(t);
  const [one, other] = [new SnapshotFolder(place), new SnapshotFolder(place)];
  one.write('1-a', bytes('a'));
  const [before, same] = [one.list().total, other.list().total];
  one.replaceTotal('2-b', before, ['1-a'], bytes('by one'));
  other.replaceTotal('3-c', same, ['1-a'], bytes('by the other'));
  assert.equal(text(one), 'by one');
  assert.equal(text(other), 'by one');
  assert.deepEqual(readdirSync(place), ['total-1']);
});

test('a total that others have replaced twice meanwhile counts for nothing, and costs nobody their snapshot', (t) => {
  const place = folderOf(t);
  const [slow, fast] = [new SnapshotFolder(place), new SnapshotFolder(place)];
  for (const member of ['1-a', '2-b', '3-c']) fast.write(member, bytes(member));
  const before = slow.list().total;
  fast.replaceTotal('9-f', fast.list().total, ['1-a'], bytes('a'));
  fast.replaceTotal('9-f', fast.list().total, ['2-b'], bytes('a b'));
  slow.replaceTotal('8-s', before, ['1-a', '3-c'], bytes('a c'));
  assert.equal(text(fast), 'a b');
  assert.deepEqual(fast.list().members, ['3-c']);
  assert.deepEqual(readdirSync(place).sort(), ['3-c.snapshot', 'total-2']);
});

test('a snapshot that is in the total is not listed, also when whoever made the total was killed before it was removed', (t) => {
  const place = folderOf(t);
  const folder = new SnapshotFolder(place);
  folder.write('1-a', bytes('a'));
  folder.replaceTotal('2-b', folder.list().total, ['1-a'], bytes('a'));
  folder.write('1-a', bytes('a'));
  assert.deepEqual(folder.list().members, []);
  folder.write('3-c', bytes('c'));
  folder.replaceTotal('2-b', folder.list().total, ['3-c'], bytes('a c'));
  assert.deepEqual(folder.list().members, []);
  assert.equal(text(folder), 'a c');
});

test('the process that leaves last takes the folder along; one that was killed is nobody, and nor are its own threads', (t) => {
  const place = folderOf(t);
  const folder = new SnapshotFolder(place);
  const [self, thread, killed, other] = [
    `${process.pid}-0-a`,
    `${process.pid}-1-a`,
    `${GONE}-0-b`,
    `${process.ppid}-0-c`,
  ];
  for (const member of [self, thread, killed, other]) writeFileSync(path.join(place, `${member}.sock`), '');
  folder.leave(self);
  folder.end();
  assert.equal(readdirSync(place).length, 3);
  folder.leave(other);
  folder.end();
  assert.throws(() => readdirSync(place), { code: 'ENOENT' });
});

test('the first service has the port, until none of its processes is left', (t) => {
  const place = folderOf(t);
  assert.equal(portOwner(place, 'first'), 'first');
  assert.equal(portOwner(place, 'first'), 'first');
  assert.equal(portOwner(place, 'second'), 'first');
  const owner = path.join(place, 'owner');
  writeFileSync(owner, readFileSync(owner, 'utf8').replace(/^\d+/, String(GONE)));
  writeFileSync(path.join(place, `${process.ppid}-0-a.sock`), '');
  assert.equal(portOwner(place, 'second'), 'first');
  rmSync(path.join(place, `${process.ppid}-0-a.sock`));
  assert.equal(portOwner(place, 'second'), 'second');
});
