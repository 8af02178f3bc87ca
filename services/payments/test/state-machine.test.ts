import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  cancel,
  capture,
  RefundTooLarge,
  refund,
  STATES,
  type Standing,
  type State,
  StateConflict,
} from '../src/state-machine.ts';

/** A payment of 1000 minor units that stands in `state`. */
function payment(state: State): Standing {
  const refundedAmount = { authorized: 0, captured: 0, partially_refunded: 400, refunded: 1000, canceled: 0 }[state];
  return { state, amount: 1000, refundedAmount };
}

const operations = {
  capture: { run: capture, from: ['authorized'] },
  cancel: { run: cancel, from: ['authorized'] },
  refund: { run: (from: Standing) => refund(from, 1), from: ['captured', 'partially_refunded'] },
} as const;

for (const [name, { run, from }] of Object.entries(operations)) {
  describe(name, () => {
    for (const state of STATES) {
      if ((from as readonly State[]).includes(state)) {
        test(`is possible when ${state}`, () => {
          assert.doesNotThrow(() => run(payment(state)));
        });
      } else {
        test(`is refused when ${state}, naming the state`, () => {
          assert.throws(() => run(payment(state)), {
            name: StateConflict.name,
            message: new RegExp(`is ${state}, so ${name}`),
          });
        });
      }
    }
  });
}

test('an authorized payment becomes captured or canceled', () => {
  assert.equal(capture(payment('authorized')).state, 'captured');
  assert.equal(cancel(payment('authorized')).state, 'canceled');
});

test('a conflict says what is allowed instead', () => {
  assert.throws(() => refund(payment('authorized')), /allowed now: capture, cancel/);
  assert.throws(() => capture(payment('captured')), /allowed now: refund/);
  assert.throws(() => cancel(payment('canceled')), /allowed now: nothing more/);
});

test('an operation leaves the payment it was given as it was', () => {
  const before = payment('captured');
  refund(before, 300);
  assert.deepEqual(before, payment('captured'));
});

describe('a refund', () => {
  test('of a part leaves the payment partially refunded', () => {
    const { payment: after, refunded } = refund(payment('captured'), 999);
    assert.deepEqual(
      { after, refunded },
      { after: { state: 'partially_refunded', amount: 1000, refundedAmount: 999 }, refunded: 999 },
    );
  });

  test('without an amount gives back all that is left', () => {
    assert.equal(refund(payment('captured')).refunded, 1000);
    assert.equal(refund(payment('partially_refunded')).refunded, 600);
  });

  test('of the last unit makes the payment refunded', () => {
    const { payment: after } = refund(payment('partially_refunded'), 600);
    assert.deepEqual(after, payment('refunded'));
  });

  test('of one unit more than is left is refused and names both amounts', () => {
    assert.throws(() => refund(payment('partially_refunded'), 601), {
      name: RefundTooLarge.name,
      message: /601 .* 600/,
    });
  });

  test('in any split adds up to the amount and not to a unit more', () => {
    for (const step of [1, 3, 7, 333, 999, 1000]) {
      let current = payment('captured');
      let total = 0;
      while (current.state !== 'refunded') {
        const { payment: next, refunded } = refund(current, Math.min(step, current.amount - current.refundedAmount));
        total += refunded;
        current = next;
      }
      assert.equal(total, 1000);
      assert.throws(() => refund(current, 1), StateConflict);
    }
  });
});
