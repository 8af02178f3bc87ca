import { type Access, refusalOf, refuse } from './access.ts';
import { answer } from './answer.ts';
import { closeWithConnection } from './close-with-connection.ts';
import { nothingHere } from './nothing-here.ts';
import { discardBody } from './request-body.ts';
import type { ScrapeHandler } from './scrape-handler.ts';

/** A file for a browser. */
export interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PageOptions {
  readonly access: Access;
  /** The files of the page by their paths; asked for at the first request of one who may. */
  readonly files: () => Readonly<Record<string, PageFile>>;
  /** Told why there are none. */
  readonly onError: (error: unknown) => void;
}

/** Whether a request target is the page for people, or what that loads. */
export function isPagePath(target: string | undefined): boolean {
  const path = pathOf(target);
  return path === '/' || path.startsWith('/live-page.');
}

/** Answers browsers of who may: GET and HEAD with a file of the page, other methods with 405. */
export function createPageHandler({ access, files, onError }: PageOptions): ScrapeHandler {
  return (request, response) => {
    // A browser that goes away in the middle is no event of the service's.
    response.on('error', () => {});
    closeWithConnection(response);
    discardBody(request);
    const refusal = refusalOf(access, request);
    if (refusal) return refuse(refusal, access, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, 'The page answers GET and HEAD only.\n');
    }
    let file: PageFile | undefined;
    try {
      file = files()[pathOf(request.url)];
    } catch (error) {
      onError(error);
      return answer(response, 500, 'There is no page; the reason is on the stderr of the process.\n');
    }
    if (file === undefined) return nothingHere(request, response);
    response.writeHead(200, { ...file.headers, 'Content-Length': Buffer.byteLength(file.body) });
    response.end(file.body);
  };
}

function pathOf(target = ''): string {
  return target.split('?', 1)[0] ?? '';
}
