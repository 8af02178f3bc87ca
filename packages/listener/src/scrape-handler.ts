import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a scrape is answered with. */
export interface Page {
  readonly contentType: string;
  readonly body: string;
}

export interface ScrapeHandlerOptions {
  /** Collects and renders; a rejection is answered with 500. */
  readonly renderPage: () => Promise<Page>;
  /** Told why a scrape failed. */
  readonly onError: (error: unknown) => void;
}

export type ScrapeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The documented path of the page (OpenMetrics 1.0, "Overall Structure": the default is /metrics). */
export const METRICS_PATH = '/metrics';

/** Whether a request target is the page's path, with or without a query. */
export function isMetricsPath(target: string | undefined): boolean {
  return target === METRICS_PATH || (target?.startsWith(`${METRICS_PATH}?`) ?? false);
}

/**
 * Answers scrapes: GET and HEAD with 200 and the page, other methods with 405, and with 500 when there is no page to show,
 * for Prometheus takes every 200 for a good scrape. Scrapes that arrive while a page is being made share it.
 */
export function createScrapeHandler({ renderPage, onError }: ScrapeHandlerOptions): ScrapeHandler {
  let inFlight: Promise<Page> | undefined;

  function sharedPage(): Promise<Page> {
    inFlight ??= renderPage().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  return (request, response) => {
    // A scraper that goes away in the middle is no event of the service's.
    response.on('error', onError);
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, `${METRICS_PATH} answers GET and HEAD only.\n`);
    }
    sharedPage().then(
      ({ contentType, body }) => answer(response, 200, body, contentType),
      (error) => {
        onError(error);
        answer(response, 500, 'The metrics could not be collected; the reason is on the stderr of the process.\n');
      },
    );
  };
}

/** A complete answer; Node leaves the body out where the request was HEAD. */
export function answer(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
