import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, refusalOf, refuse } from './access.ts';
import { answer } from './answer.ts';
import { ChunkPool } from './chunk-pool.ts';
import { closeWithConnection } from './close-with-connection.ts';
import { gzipped } from './gzip.ts';
import { allowsGzip, negotiate, type Offer } from './negotiation.ts';
import { PageBudget } from './page-budget.ts';
import { discardBody, hasBody } from './request-body.ts';
import { ScrapesUnderWay } from './scrapes-under-way.ts';
import { SharedPage } from './shared-page.ts';
import { inSlices } from './slices.ts';
import { observedItems, observedTurn, type WorkObserver } from './work.ts';

/** A format that the page can be asked for in. */
export interface Format<Data> extends Offer {
  /**
   * The page in chunks of bounded size, each made when it is asked for, in memory from `allocate`. An empty one says that more
   * is being made: the event loop may be given back meanwhile.
   */
  readonly render: (
    data: Data,
    allocate: (bytes: number) => Buffer,
    only?: ReadonlySet<string>,
  ) => Iterable<Uint8Array>;
}

/** Is told of each scrape, and of the work on pages. */
export interface ScrapeObserver extends WorkObserver {
  began(): void;
  /**
   * @param status undefined where the scraper went away before it had one
   * @param seconds since it arrived
   * @param bytes sent, of head and page
   */
  ended(status: number | undefined, seconds: number, bytes: number): void;
}

export interface ScrapeHandlerOptions<Data> {
  /**
   * A rejection is answered with 500.
   *
   * @param timeLimit milliseconds until the scrape is given up, which are for the page as well
   */
  readonly collect: (timeLimit: number) => Promise<Data>;
  /** The last one is for those who ask for none of them. */
  readonly formats: readonly [...Format<Data>[], Format<Data>];
  /** Told why a scrape failed. */
  readonly onError: (error: unknown) => void;
  readonly observer?: ScrapeObserver;
  /** Whoever asks, unless given. */
  readonly access?: Access;
  /** In the place of {@link TIME_LIMIT}. */
  readonly timeLimit?: number;
}

const NOBODY: ScrapeObserver = { began() {}, ended() {}, beginWork: () => () => {} };

const EVERYBODY: Access = { credentials: [] };

export type ScrapeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Milliseconds within which a scrape is answered or given up. */
export const TIME_LIMIT = 30_000;

/** The documented path of the page (OpenMetrics 1.0, "Overall Structure": the default is /metrics). */
export const METRICS_PATH = '/metrics';

/** Most pages that wait for slow readers at a time; the oldest makes room. */
const MOST_OPEN = 4;

/**
 * Milliseconds that a collection has at least, however little time one of those has who ask for it: it is for all of them, and
 * what does not come in time is on none of their pages.
 */
const LEAST_TIME = 200;

/** A page to be made, for all who asked for it. */
interface Page<Data> {
  readonly format: Format<Data>;
  readonly isCompressed: boolean;
  /** Of the families that are asked for, joined by blanks; empty for all. */
  readonly names: string;
  readonly shared: SharedPage;
}

/** The pages of one collection, and its time limit: that of who has the most time. */
interface Collection<Data> {
  readonly pages: Page<Data>[];
  limit: number;
}

/** Whether a request target is the page's path, with or without a query. */
export function isMetricsPath(target: string | undefined): boolean {
  return target === METRICS_PATH || (target?.startsWith(`${METRICS_PATH}?`) ?? false);
}

/**
 * Answers scrapes of who may: GET and HEAD with 200 and the page, other methods with 405, and with 500 when there is no page to show,
 * for Prometheus takes every 200 for a good scrape.
 *
 * Scrapes that arrive before a collection is done share it, and those of one format and encoding share one rendering: however many come at
 * once, the service pays for one. Who comes later waits until that page is made, or until it waits for slow readers, and a little more
 * where scrapes come without end.
 */
export function createScrapeHandler<Data>(options: ScrapeHandlerOptions<Data>): ScrapeHandler {
  const { collect, formats, onError, observer = NOBODY, access = EVERYBODY, timeLimit = TIME_LIMIT } = options;
  let joinable: Collection<Data> | undefined;
  let before = Promise.resolve();
  const open = new Set<SharedPage>();
  const underWay = new ScrapesUnderWay();
  const budget = new PageBudget();
  const work: WorkObserver = {
    beginWork() {
      const ends = [budget.beginWork(), observer.beginWork()];
      return () => {
        for (const end of ends) end();
      };
    },
  };

  function pageFor(format: Format<Data>, isCompressed: boolean, names: string, limit: number): SharedPage {
    if (joinable === undefined) {
      joinable = { pages: [], limit: LEAST_TIME };
      before = makePages(before, joinable);
    }
    joinable.limit = Math.max(joinable.limit, limit);
    const same = joinable.pages.find(
      (page) => page.format === format && page.isCompressed === isCompressed && page.names === names,
    );
    if (same) return same.shared;
    const shared = new SharedPage();
    joinable.pages.push({ format, isCompressed, names, shared });
    return shared;
  }

  async function makePages(turn: Promise<void>, collection: Collection<Data>): Promise<void> {
    await turn;
    await budget.turn();
    const { pages } = collection;
    try {
      const data = await observedTurn(work, () => collect(collection.limit));
      joinable = undefined;
      for (const page of pages) {
        void send(page, data);
        await page.shared.released;
      }
    } catch (error) {
      joinable = undefined;
      onError(error);
      for (const { shared } of pages) shared.fail(answerNoPage);
    }
  }

  async function send({ format, isCompressed, names, shared }: Page<Data>, data: Data): Promise<void> {
    open.add(shared);
    const [oldest] = open;
    if (open.size > MOST_OPEN) oldest?.fail(answerNoPage);
    const { allocate, release } = new ChunkPool();
    try {
      const chunks = inSlices(
        observedItems(work, format.render(data, allocate, names ? new Set(names.split(' ')) : undefined)),
      );
      if (isCompressed) await shared.send(gzipped(chunks, release), () => {});
      else await shared.send(chunks, release);
    } catch (error) {
      onError(error);
      shared.fail(answerNoPage);
    } finally {
      open.delete(shared);
    }
  }

  /** Tells the observer of a scrape from here to the end of its answer. */
  function observe({ socket }: IncomingMessage, response: ServerResponse): void {
    const [start, written] = [performance.now(), socket.bytesWritten];
    observer.began();
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : undefined;
      observer.ended(status, (performance.now() - start) / 1000, socket.bytesWritten - written);
    });
  }

  return (request, response) => {
    // A scraper that goes away in the middle is no event of the service's.
    response.on('error', onError);
    closeWithConnection(response);
    observe(request, response);
    discardBody(request);
    const refusal = refusalOf(access, request);
    if (refusal) return refuse(refusal, access, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, `${METRICS_PATH} answers GET and HEAD only.\n`);
    }
    if (hasBody(request)) return answer(response, 413, 'A scrape has no body.\n');
    if (!underWay.begin(response)) return answer(response, 503, 'Too many scrapes at once; try again later.\n');
    const { accept, 'accept-encoding': encodings } = request.headers;
    const { offer, contentType } = negotiate(accept, formats);
    const isCompressed = allowsGzip(encodings);
    const limit = limitOf(request, timeLimit);
    const page = pageFor(offer, isCompressed, namesIn(request), limit);
    page.join(response, {
      'Content-Type': contentType,
      Vary: 'Accept, Accept-Encoding',
      ...(isCompressed && { 'Content-Encoding': 'gzip' }),
    });
    const late = setTimeout(() => page.giveUp(response, answerTooLate), limit).unref();
    response.on('close', () => clearTimeout(late));
  };
}

/** What `?name[]=up&name[]=target_info` asks for, as other client libraries understand it. */
function namesIn({ url = '' }: IncomingMessage): string {
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  return query.getAll('name[]').sort().join(' ');
}

/** The scraper's own limit, less the time that the answer takes to get there, where it is the shorter one. */
function limitOf({ headers }: IncomingMessage, timeLimit: number): number {
  const milliseconds = Number(headers['x-prometheus-scrape-timeout-seconds']) * 1000;
  return milliseconds > 0 ? Math.min(timeLimit, milliseconds * 0.95) : timeLimit;
}

function answerTooLate(response: ServerResponse): void {
  answer(response, 503, 'The metrics could not be collected in time.\n');
}

function answerNoPage(response: ServerResponse): void {
  answer(response, 500, 'The metrics could not be collected; the reason is on the stderr of the process.\n');
}
