import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { isMetricsPath, type ScrapeHandler } from './scrape-handler.ts';

type Emit = (this: HttpServer | HttpsServer, event: string, ...args: unknown[]) => boolean;

/**
 * Answers scrapes on every port that the service itself listens on, before the service sees the request. Returns what
 * undoes it.
 */
export function answerOnServicePorts(handler: ScrapeHandler): () => void {
  // Loaded here and not with this file: most processes do not need it.
  const https = process.getBuiltinModule('node:https');
  const undo = [HttpServer.prototype, https.Server.prototype].map((prototype) => answerBefore(prototype, handler));
  return () => {
    for (const step of undo) step();
  };
}

function answerBefore(prototype: HttpServer | HttpsServer, handler: ScrapeHandler): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, 'emit');
  const inherited = Object.getPrototypeOf(prototype) as { emit: Emit };
  const emit: Emit = function emit(event, request, response) {
    if (event === 'request' && isMetricsPath((request as IncomingMessage).url)) {
      handler(request as IncomingMessage, response as ServerResponse);
      return true;
    }
    return ((original?.value as Emit | undefined) ?? inherited.emit).apply(this, arguments as never);
  };
  Object.defineProperty(prototype, 'emit', { value: emit, configurable: true, writable: true, enumerable: false });
  return () => {
    if (original) Object.defineProperty(prototype, 'emit', original);
    else delete (prototype as { emit?: unknown }).emit;
  };
}
