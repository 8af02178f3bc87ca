import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressList } from './address-list.ts';
import { answer } from './answer.ts';
import type { Credential } from './credentials.ts';

/** Why a scrape is not answered. */
export type Refusal = 'address' | 'credentials';

/** Who may scrape: what is not asked for restricts nobody. */
export interface Access {
  /** Any of them will do. */
  readonly credentials: readonly Credential[];
  /** Where the connection must come from, whatever a proxy says in headers: anybody can write those. */
  readonly addresses?: AddressList;
}

export function isRestricted({ credentials, addresses }: Access): boolean {
  return credentials.length > 0 || addresses !== undefined;
}

export function refusalOf(
  { credentials, addresses }: Access,
  { socket, headers }: IncomingMessage,
): Refusal | undefined {
  if (addresses && !addresses.includes(socket.remoteAddress)) return 'address';
  if (credentials.length > 0 && !isAuthorized(credentials, headers.authorization ?? '')) return 'credentials';
  return undefined;
}

function isAuthorized(credentials: readonly Credential[], authorization: string): boolean {
  const [, name = '', rest = ''] = /^(bearer|basic) +(.*)$/i.exec(authorization) ?? [];
  const given = Buffer.from(rest, name.toLowerCase() === 'basic' ? 'base64' : 'latin1');
  return credentials.some(({ scheme, is }) => scheme.toLowerCase() === name.toLowerCase() && is(given));
}

/** Answers a scrape that is refused: it tells nothing of what there is. */
export function refuse(refusal: Refusal, { credentials }: Access, response: ServerResponse): void {
  if (refusal === 'address') {
    answer(response, 403, 'Forbidden.\n');
  } else {
    const schemes = new Set(credentials.map(({ scheme }) => scheme));
    const challenges = Array.from(schemes, (scheme) => CHALLENGES[scheme]);
    response.setHeader('WWW-Authenticate', challenges);
    answer(response, 401, 'Unauthorized.\n');
  }
}

const CHALLENGES = { Bearer: 'Bearer realm="metrics"', Basic: 'Basic realm="metrics", charset="UTF-8"' };
