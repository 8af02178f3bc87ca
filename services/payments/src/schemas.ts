import { currencyCode, pageQuery, text } from '@payments/service-kit';
import { z } from 'zod';
import { MAX_AMOUNT } from './money.ts';
import { STATES } from './state-machine.ts';

/** A UUID in the one form that it is stored and cached under. */
export const guid = z.guid().toLowerCase();

const keyError = 'must be 1 to 255 visible ASCII characters';
export const idempotencyKey = z.string({ error: keyError }).regex(/^[!-~]{1,255}$/, { error: keyError });

const amountError = `must be a whole number of minor units from 1 to ${MAX_AMOUNT}`;
const amount = z
  .number({ error: amountError })
  .refine((value) => Number.isInteger(value) && value >= 1 && value <= MAX_AMOUNT, { error: amountError });

export const newPayment = z.strictObject({
  amount,
  currency: currencyCode,
  description: text(500).optional(),
  capture: z.boolean().default(false),
});

export const newRefund = z.strictObject({ amount: amount.optional() });

const state = z.enum(STATES, { error: `must be one of ${STATES.join(', ')}` });

export const paymentPageQuery = pageQuery.extend({ state: state.optional() });
export const internalPageQuery = paymentPageQuery.extend({ userId: guid.optional() });

const longestPeriodDays = 366;
const dayMs = 24 * 60 * 60 * 1000;
const isoDay = (time: number) => new Date(time).toISOString().slice(0, 10);
const dayError = 'must be a date such as 2026-01-31, not before 1970';
const day = z.iso.date({ error: dayError }).refine((value) => value >= '1970', { error: dayError });

/** A period of days (UTC), both ends included; without ends the 30 days that end today. */
export const totalsQuery = z
  .object({ from: day.optional(), to: day.optional() })
  .transform(({ from, to = isoDay(Date.now()) }) => ({ from: from ?? isoDay(Date.parse(to) - 29 * dayMs), to }))
  .refine(({ from, to }) => from <= to, { path: ['from'], error: 'must not be after to' })
  .refine(({ from, to }) => (Date.parse(to) - Date.parse(from)) / dayMs < longestPeriodDays, {
    path: ['from'],
    error: `must be at most ${longestPeriodDays} days before to`,
  });
