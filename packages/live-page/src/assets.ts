// Put in by build.mjs.
declare const DOCUMENT: string;
declare const SCRIPT: string;
declare const STYLE: string;
declare const ICON: string;

/** A file that the page consists of, and the headers that go with it. */
export interface Asset {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A process that the page shows. */
export interface Source {
  readonly name: string;
  /** Where its metrics are, relative to the page. */
  readonly metrics: string;
  /** The URL of its own page. */
  readonly page: string;
}

/**
 * What the page consists of, by path.
 *
 * @param sources what an overview shows; none for the page of one process, whose metrics are beside it
 */
export function livePage(sources: readonly Source[] = []): Readonly<Record<string, Asset>> {
  const list = JSON.stringify(sources).replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return {
    '/': asset(
      'text/html; charset=utf-8',
      DOCUMENT.replace('@sources@', () => list),
    ),
    '/live-page.js': asset('text/javascript; charset=utf-8', SCRIPT),
    '/live-page.css': asset('text/css; charset=utf-8', STYLE),
    '/live-page.svg': asset('image/svg+xml', ICON),
  };
}

function asset(contentType: string, body: string): Asset {
  return { headers: { 'Content-Type': contentType, ...HEADERS }, body };
}

/** Nothing is loaded from elsewhere, no text of a page becomes code, nobody frames it, and a new agent's page never runs an old one's script. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};
