import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressList } from '../src/index.ts';

const list = (...texts: string[]) => AddressList.of(texts) as AddressList;

for (const [text, inside, outside] of [
  [
    '10.0.0.0/8',
    ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '::FFFF:10.1.2.3'],
    ['11.0.0.0', '::10.1.2.3', '::1'],
  ],
  ['10.1.2.3/8', ['10.255.255.255'], ['11.0.0.0']],
  ['192.0.2.7', ['192.0.2.7', '::ffff:192.0.2.7'], ['192.0.2.6', '::ffff:192.0.2.6']],
  ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127', '192.0.3.128']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::', '2001:db8::1']],
  ['::/0', ['::1', '2001:db8::1'], ['127.0.0.1', '::ffff:127.0.0.1']],
  ['fd00::/8', ['fd12:3456::1', 'FD12:3456::1'], ['fe80::1', '10.0.0.1']],
  ['fe80::/10', ['fe80::1%eth0', 'febf::1'], ['fec0::1']],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.1.2.3', '::1']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '0.0.0.1', '127.0.0.1']],
] as const) {
  test(`${text} holds its own addresses in every notation, and no other`, () => {
    const addresses = list(text);
    for (const address of inside) assert.ok(addresses.includes(address), address);
    for (const address of outside) assert.ok(!addresses.includes(address), address);
  });
}

test('what is no address is in no list, such as that of a Unix socket', () => {
  for (const address of [undefined, '', 'localhost', '10.0.0', '10.0.0.1, 10.0.0.2']) {
    assert.ok(!list('0.0.0.0/0', '::/0').includes(address), address);
  }
});

test('a list of several holds what each of them holds; an empty one holds nothing', () => {
  const several = list('10.0.0.0/8', '192.168.1.0/24', '::1');
  assert.deepEqual(
    ['10.0.0.1', '192.168.1.1', '192.168.2.1', '::1'].map((address) => several.includes(address)),
    [true, true, false, true],
  );
  assert.ok(!list().includes('10.0.0.1'));
});

test('one text that is neither an address nor a network makes no list', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '::/129',
    'localhost',
    '*',
  ]) {
    assert.equal(AddressList.of(['10.0.0.0/8', text]), undefined, text);
  }
  for (const text of ['::ffff:10.0.0.0/95', '::ffff:10.0.0.0/129', '010.0.0.1', '10.0.0.0/8x', '']) {
    assert.equal(AddressList.of([text]), undefined, text);
  }
});
