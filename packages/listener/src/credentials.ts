import { ChangingFiles } from './changing-files.ts';

export type Scheme = 'Bearer' | 'Basic';

/** Digest of what has to stand after the scheme's name, decoded; undefined where nobody can know it. */
type Secret = () => Buffer | undefined;

/** What a scraper may identify itself by (RFC 6750, "Authorization Request Header Field"; RFC 7617). */
export interface Credential {
  readonly scheme: Scheme;
  /** Whether it is that: what stands after the scheme's name in an `Authorization` header, decoded. */
  readonly is: (given: Buffer) => boolean;
}

export type CredentialSource = { readonly text: string } | { readonly file: string };

/**
 * @param source a token, or for Basic `user:password`; in a file blanks and line ends around it do not count, and the file is
 *   read again when it has changed
 * @param onUnusable told why it lets nobody in, as long as that is so; never what it is
 */
export function credential(scheme: Scheme, source: CredentialSource, onUnusable: (why: string) => void): Credential {
  const secret =
    'file' in source ? secretOfFile(scheme, source.file, onUnusable) : secretOf(scheme, source.text, onUnusable);
  // What is wrong with it is told now, and not at the first scrape.
  secret();
  return {
    scheme,
    is(given) {
      const expected = secret();
      return expected !== undefined && crypto().timingSafeEqual(digest(given), expected);
    },
  };
}

function secretOf(scheme: Scheme, text: string, onUnusable: (why: string) => void): Secret {
  let known: Buffer | undefined;
  try {
    known = digest(usable(scheme, text));
  } catch (error) {
    onUnusable((error as Error).message);
  }
  return () => known;
}

function secretOfFile(scheme: Scheme, path: string, onUnusable: (why: string) => void): Secret {
  const files = new ChangingFiles([path]);
  let known: Buffer | undefined;
  return () => {
    try {
      const [content] = files.changed() ?? [];
      if (content) known = digest(usable(scheme, content.toString().trim()));
    } catch (error) {
      known = undefined;
      onUnusable((error as Error).message);
    }
    return known;
  };
}

/** @throws Error when it is no secret of that scheme */
function usable(scheme: Scheme, text: string): string {
  if (text === '') throw new Error('it is empty');
  if (scheme === 'Basic' && !text.includes(':')) throw new Error('it is not user:password');
  return text;
}

/** Of one length for all, so that comparing them tells nothing. */
function digest(data: Buffer | string): Buffer {
  return crypto().createHash('sha256').update(data).digest();
}

/** Not loaded by an agent that asks for no credentials. */
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}
