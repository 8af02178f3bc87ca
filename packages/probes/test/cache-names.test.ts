import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheNames } from '../src/cache-names.ts';

const nameWith = (...patterns: string[]) => {
  const names = new CacheNames(patterns.map((pattern) => ({ pattern, name: pattern })));
  return (key: unknown) => names.nameOf(key);
};

test('without patterns a cache is named by the prefix of its keys', () => {
  const name = nameWith();
  assert.equal(name('session:1:x'), 'session');
  assert.equal(name(Buffer.from('größe:1')), 'größe');
  assert.equal(name('no prefix'), 'default');
  assert.equal(name(':1'), 'default');
  assert.equal(name(`${'x'.repeat(65)}:1`), 'default');
  assert.equal(name(Buffer.from(`${'x'.repeat(65)}:1`)), 'default');
  assert.equal(name(42), 'default');
});

test('a pattern is for whole keys, with any text for each asterisk', () => {
  for (const [pattern, key, is] of [
    ['exact', 'exact', true],
    ['exact', 'exactly', false],
    ['*', '', true],
    ['user:*', 'user:', true],
    ['user:*', 'users:1', false],
    ['*:profile', 'user:1:profile', true],
    ['*:profile', 'user:1:profile:old', false],
    ['user:*:profile', 'user:1:profile', true],
    ['user:*:profile', 'user:profile', false],
    ['a*bc*c', 'abcc', true],
    ['a*bc*c', 'abc', false],
    ['*a*b*', 'xaxbx', true],
    ['*a*b*', 'xbxax', false],
    ['aa*aa', 'aaa', false],
  ] as const) {
    assert.equal(nameWith(pattern)(key) === pattern, is, `${pattern} ${key}`);
  }
});

test('the first pattern that matches gives the name, and else the prefix does', () => {
  const name = nameWith('user:1:*', 'user:*', '*:end');
  assert.equal(name('user:1:x'), 'user:1:*');
  assert.equal(name('user:2:end'), 'user:*');
  assert.equal(name(Buffer.from('order:2:end')), '*:end');
  assert.equal(name('order:2'), 'order');
});
