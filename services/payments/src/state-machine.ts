/** The states of a payment, in the order of its life. */
export const STATES = ['authorized', 'captured', 'partially_refunded', 'refunded', 'canceled'] as const;
export type State = (typeof STATES)[number];

export type Operation = 'capture' | 'cancel' | 'refund';

/** What the state machine needs to know of a payment; amounts in minor units. */
export interface Standing {
  state: State;
  amount: number;
  refundedAmount: number;
}

const ALLOWED: Record<State, readonly Operation[]> = {
  authorized: ['capture', 'cancel'],
  captured: ['refund'],
  partially_refunded: ['refund'],
  refunded: [],
  canceled: [],
};

/** The state of the payment forbids the operation. */
export class StateConflict extends Error {
  constructor(operation: Operation, state: State) {
    const allowed = ALLOWED[state].join(', ') || 'nothing more';
    super(`The payment is ${state}, so ${operation} is not possible; allowed now: ${allowed}`);
    this.name = 'StateConflict';
  }
}

/** The refund asks for more than is left of the payment. */
export class RefundTooLarge extends Error {
  constructor(asked: number, left: number) {
    super(`A refund of ${asked} is more than the ${left} that is left of the payment`);
    this.name = 'RefundTooLarge';
  }
}

function allow(operation: Operation, state: State): void {
  if (!ALLOWED[state].includes(operation)) throw new StateConflict(operation, state);
}

/** The payment with all of its amount taken. Throws StateConflict. */
export function capture<P extends Standing>(payment: P): P {
  allow('capture', payment.state);
  return { ...payment, state: 'captured' };
}

/** The payment given up before anything was taken. Throws StateConflict. */
export function cancel<P extends Standing>(payment: P): P {
  allow('cancel', payment.state);
  return { ...payment, state: 'canceled' };
}

/**
 * The payment after `asked` minor units (a positive whole number; default: all that is left) went back.
 * Throws StateConflict or RefundTooLarge.
 */
export function refund<P extends Standing>(payment: P, asked?: number): { payment: P; refunded: number } {
  allow('refund', payment.state);
  const left = payment.amount - payment.refundedAmount;
  const refunded = asked ?? left;
  if (refunded > left) throw new RefundTooLarge(refunded, left);
  const state: State = refunded === left ? 'refunded' : 'partially_refunded';
  return { payment: { ...payment, state, refundedAmount: payment.refundedAmount + refunded }, refunded };
}
