import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswers } from '../src/fuzz/http-answers.ts';
import { malformedRequests } from '../src/fuzz/malformed-requests.ts';

function some(seed: number) {
  const requests = malformedRequests(seed);
  return Array.from({ length: 500 }, () => requests.next().value);
}

test('malformed requests are the same ones for the same seed', () => {
  assert.deepEqual(some(1), some(1));
  assert.notDeepEqual(some(1), some(2));
});

test('each of them has its mark, or is cut, damaged or too plain to have one', () => {
  const marked = some(1).filter(({ pieces, mark }) => pieces.join('').includes(mark));
  assert.ok(marked.length > 250, `${marked.length} of 500`);
});

const answer = (...lines: string[]) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
const read = (text: string, isHead?: boolean) =>
  parseAnswers(Buffer.from(text, 'latin1'), () => isHead).map(({ status, body, isWhole }) => [
    status,
    `${body}`,
    isWhole,
  ]);

test('answers are read one after the other, and the last one as far as it has come', () => {
  const whole = `${answer('Content-Length: 5')}hello`;
  const chunked = `${answer('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`;
  assert.deepEqual(read(whole + chunked + whole), new Array(3).fill([200, 'hello', true]));
  assert.deepEqual(read(whole.slice(0, -2)), [[200, 'hel', false]]);
  assert.deepEqual(read(chunked.slice(0, -7)), [[200, '', false]]);
  assert.deepEqual(read(answer('Content-Length: 5'), true), [[200, '', true]]);
  assert.deepEqual(read(`${answer('Connection: close')}hello`), [[200, 'hello', true]]);
  assert.deepEqual(read('HTTP/1.1 2'), []);
});

for (const [what, text] of [
  ['a stranger', 'SSH-2.0-x\r\n\r\n'],
  ['another version', `${answer('Content-Length: 0').replace('1.1', '2.0')}`],
  ['a status that is none', answer('Content-Length: 0').replace('200', '999')],
  ['a header without a name', answer('Content-Length: 0', ': x')],
  ['a header with a byte that none may have', answer('Content-Length: 0', 'X: \0')],
  ['a line that is not ended as lines are', answer('Content-Length: 0\nX: x')],
  ['a header twice', answer('Content-Length: 0', 'Date: x', 'Date: x')],
  ['two lengths', answer('Content-Length: 0', 'Transfer-Encoding: chunked')],
  ['no length', answer('Date: x')],
  ['a length that is none', answer('Content-Length: -1')],
  ['more than it says', `${answer('Content-Length: 1')}hello`],
  ['a chunk that is longer than it says', `${answer('Transfer-Encoding: chunked')}1\r\nhello\r\n0\r\n\r\n`],
] as const) {
  test(`${what} is no answer of HTTP`, () => {
    assert.throws(() => read(text, false), Error);
  });
}
