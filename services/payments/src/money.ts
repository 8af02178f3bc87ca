/** The largest amount of one payment, in minor units (999,999,999.99 of a currency with two decimals). */
export const MAX_AMOUNT = 99_999_999_999;

/**
 * Turns a sum as PostgreSQL answers it (`numeric`, as text) into minor units.
 * Throws a RangeError when the value is no whole number that JSON can carry exactly: a wrong sum is worse than none.
 */
export function minorUnits(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`The sum ${text} cannot be given exactly as a JSON number; ask for fewer days`);
  }
  return value;
}
