import type { State } from './state-machine.ts';

/** A payment as the API shows it: amounts in minor units, times in ISO 8601. */
export interface Payment {
  id: string;
  userId: string;
  amount: number;
  currency: string;
  state: State;
  refundedAmount: number;
  description: string | null;
  createdAt: string;
  updatedAt: string;
}

/** A row of the table `payments`. */
export interface PaymentRow {
  id: string;
  user_id: string;
  amount: number;
  currency: string;
  state: State;
  refunded_amount: number;
  description: string | null;
  created_at: Date;
  updated_at: Date;
}

export function toPayment(row: PaymentRow): Payment {
  return {
    id: row.id,
    userId: row.user_id,
    amount: row.amount,
    currency: row.currency,
    state: row.state,
    refundedAmount: row.refunded_amount,
    description: row.description,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
