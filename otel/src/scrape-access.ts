import { type Access, type CredentialSource, credential, type Scheme } from '@otel-register/listener';
import type { Config } from './settings.ts';

/** By the settings that name them; a file's contents and a variable's value are never told. */
const CREDENTIALS = {
  OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: ['Bearer', (text): CredentialSource => ({ text })],
  OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE: ['Bearer', (file): CredentialSource => ({ file })],
  OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: ['Basic', (text): CredentialSource => ({ text })],
  OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH_FILE: ['Basic', (file): CredentialSource => ({ file })],
} as const satisfies Partial<Record<keyof Config, readonly [Scheme, (value: string) => CredentialSource]>>;

/** Where scrapes are asked for on the service's own port, and nobody may. */
export const SAME_PORT_FOR_NOBODY =
  'OTEL_EXPORTER_PROMETHEUS_SAME_PORT=on says not for whom: set a token, a password or allowed addresses, or open for anybody; using off instead';

/**
 * Who may scrape.
 *
 * @param warn told of what lets nobody in, once
 */
export function scrapeAccess(config: Config, warn: (message: string) => void): Access {
  const names = Object.keys(CREDENTIALS) as (keyof typeof CREDENTIALS)[];
  const credentials = names.flatMap((name) => {
    const value = config[name];
    if (value === '') return [];
    const [scheme, sourceOf] = CREDENTIALS[name];
    return credential(scheme, sourceOf(value), (why) => warn(`${name}: ${why}; it lets nobody in`));
  });
  const addresses = config.OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES;
  return { credentials, ...(addresses && { addresses }) };
}
