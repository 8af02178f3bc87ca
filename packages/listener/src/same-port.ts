import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { type Access, type Refusal, refusalOf } from './access.ts';
import { type HandOver, hasOwnPage } from './own-page.ts';
import { isMetricsPath, type ScrapeHandler } from './scrape-handler.ts';

export interface ServicePortsOptions {
  readonly handler: ScrapeHandler;
  readonly access: Access;
  /** Told why a request for the page was left to the service. */
  readonly onRefused: (refusal: Refusal) => void;
  /** Told that the service has a page of its own there, which is left as it is. */
  readonly onOwnPage: () => void;
}

type Server = HttpServer | HttpsServer;
type Emit = (this: Server, event: string, ...args: unknown[]) => boolean;

/**
 * Answers scrapes on every port that the service itself listens on for HTTP/1, before the service sees them: GET and HEAD of the page's
 * path, from who may scrape. All else is the service's, as it would be without us: so is the page, where it has one of its
 * own, which it is asked for once, at the first scrape.
 */
export class ServicePorts {
  readonly #options: ServicePortsOptions;
  /** Whether requests for the page are scrapes: told before they are answered, and once. */
  readonly #known = new WeakMap<IncomingMessage, boolean>();
  /** Whether servers have a page of their own. */
  readonly #own = new WeakMap<Server, boolean | Promise<boolean>>();

  constructor(options: ServicePortsOptions) {
    this.#options = options;
  }

  /** Begins to answer. Returns what undoes it. */
  answer(): () => void {
    // Loaded here and not with this file: most processes do not need it.
    const https = process.getBuiltinModule('node:https');
    const undo = [HttpServer.prototype, https.Server.prototype].map((prototype) => this.#answerBefore(prototype));
    return () => {
      for (const step of undo) step();
    };
  }

  /** Leaves a server alone that answers scrapes itself. */
  except(server: Server): void {
    this.#own.set(server, true);
  }

  /** Whether a request is a scrape, and none of the service's. */
  isScrape(request: IncomingMessage, server: Server): boolean {
    if (!isMetricsPath(request.url)) return false;
    let is = this.#known.get(request);
    if (is === undefined) {
      is =
        (request.method === 'GET' || request.method === 'HEAD') &&
        this.#own.get(server) !== true &&
        this.#isLetIn(request);
      this.#known.set(request, is);
    }
    return is;
  }

  #isLetIn(request: IncomingMessage): boolean {
    const { access, onRefused } = this.#options;
    const refusal = refusalOf(access, request);
    if (refusal) onRefused(refusal);
    return refusal === undefined;
  }

  #answerBefore(prototype: Server): () => void {
    const original = Object.getOwnPropertyDescriptor(prototype, 'emit');
    const inherited = Object.getPrototypeOf(prototype) as { emit: Emit };
    const isScrape = (request: IncomingMessage, server: Server) => this.isScrape(request, server);
    const answer = (request: IncomingMessage, response: ServerResponse, server: Server, handOver: HandOver) =>
      this.#answer(request, response, server, handOver);
    const emit: Emit = function emit(event, first, second) {
      const next = (original?.value as Emit | undefined) ?? inherited.emit;
      const request = first as IncomingMessage;
      if (event !== 'request' || !isScrape(request, this)) return next.apply(this, arguments as never);
      answer(request, second as ServerResponse, this, (...request) => next.call(this, 'request', ...request));
      return true;
    };
    Object.defineProperty(prototype, 'emit', { value: emit, configurable: true, writable: true, enumerable: false });
    return () => {
      if (original) Object.defineProperty(prototype, 'emit', original);
      else delete (prototype as { emit?: unknown }).emit;
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse, server: Server, handOver: HandOver): Promise<void> {
    const { handler } = this.#options;
    const own = this.#own.get(server) ?? this.#ask(request, server, handOver);
    if (own === false) {
      handler(request, response);
    } else if (await own) {
      // Outside of this promise: what the service throws is thrown as it would be without us.
      setImmediate(handOver, request, response);
    } else if (!response.destroyed) {
      handler(request, response);
    }
  }

  #ask(request: IncomingMessage, server: Server, handOver: HandOver): Promise<boolean> {
    const { access, onOwnPage } = this.#options;
    const asked = hasOwnPage(handOver, request, access.credentials.length > 0)
      .catch(() => false)
      .then((isOwn) => {
        this.#own.set(server, isOwn);
        if (isOwn) onOwnPage();
        return isOwn;
      });
    this.#own.set(server, asked);
    return asked;
  }
}
