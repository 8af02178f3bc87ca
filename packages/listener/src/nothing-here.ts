import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from './answer.ts';
import { discardBody } from './request-body.ts';
import { METRICS_PATH } from './scrape-handler.ts';

/** Answers a request for a path that has nothing. */
export function nothingHere(request: IncomingMessage, response: ServerResponse): void {
  discardBody(request);
  answer(response, 404, `There is nothing here. The metrics are at ${METRICS_PATH}.\n`);
}
