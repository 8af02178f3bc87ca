import { createHmac } from 'node:crypto';

/** An answer with its JSON body; undefined when there is none. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body by asserting it
  body: any;
}

export interface Call {
  method?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  /** Sent as JSON; text is sent as it is. */
  body?: unknown;
}

/** One HTTP request; `headers` win over those that the token and the body bring. */
export async function call(url: string, { method = 'GET', token, headers, body }: Call = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: json && text !== '' ? JSON.parse(text) : undefined,
  };
}

/** The fields that a problem answer complains about. */
export function fieldsAtFault({ body }: Answer): string[] {
  return (body.errors ?? []).map(({ field }: { field: string }) => field);
}

export interface Claims {
  sub: string;
  role: 'user' | 'admin' | 'service';
  /** Seconds from now; below 0 it has expired. Default: 300. */
  expiresIn?: number;
}

/** An access token as the auth service signs them, for a caller that needs no account. */
export function accessToken(secret: string, { sub, role, expiresIn = 300 }: Claims): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, role, iat: now - 600, exp: now + expiresIn })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
