import { currencyCode, text } from '@payments/service-kit';
import { z } from 'zod';

/** A whole profile: what is left out is emptied. */
export const newProfile = z.strictObject({
  displayName: text(100),
  phone: z
    .string()
    .regex(/^\+?[\d ()-]{5,30}$/, 'expected a telephone number')
    .nullish()
    .transform((phone) => phone ?? null),
  address: text(500)
    .nullish()
    .transform((address) => address ?? null),
});

/** What is left out stays as it is. */
export const preferencesChange = z
  .strictObject({
    language: z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'expected a language tag such as en or de-AT'),
    currency: currencyCode,
    newsletter: z.boolean(),
  })
  .partial();

export type NewProfile = z.infer<typeof newProfile>;
export type PreferencesChange = z.infer<typeof preferencesChange>;
