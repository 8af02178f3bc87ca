import { text } from '@payments/service-kit';
import { z } from 'zod';

/** An e-mail address is the same in any case; it is kept in lower case. */
export const email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email({ error: 'expected an e-mail address' }))
  .transform((address) => address.toLowerCase());

export const newPassword = z.string().min(8, 'must have at least 8 characters').max(128);

export const registration = z.strictObject({ email, password: newPassword, name: text(100) });
export const login = z.strictObject({ email, password: z.string().min(1).max(128) });
export const refreshRequest = z.strictObject({ refreshToken: z.string().min(1).max(200) });
