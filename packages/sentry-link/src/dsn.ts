import { makeDsn } from '@sentry/core';
import { getOtlpTracesEndpoint } from '@sentry/node';

/** What a DSN tells: where spans go, and the key that traces are told by. */
export interface DsnParts {
  readonly host: string;
  readonly publicKey: string;
  readonly traces: { readonly url: string; readonly headers: Record<string, string> };
}

/** @throws Error when it is none */
export function partsOf(dsn: string): DsnParts {
  const parts = makeDsn(dsn);
  const traces = getOtlpTracesEndpoint(dsn);
  if (!parts || !traces) throw new Error('not a DSN');
  return { host: parts.host, publicKey: parts.publicKey ?? '', traces };
}
