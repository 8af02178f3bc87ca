import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { Problem } from '@payments/service-kit';
import type { Request, RequestHandler, Response } from 'express';
import { clientAddress } from './client-address.ts';

// Idle connections are dropped here before a service drops them, so none is reused while it is being closed.
const agent = new Agent({ keepAlive: true, timeout: 30_000 });

/**
 * Streams a request to the service at `baseUrl`, and its answer back. 502 when the service cannot be reached or breaks off,
 * 504 when it is silent for `timeoutMs`. A client that gives up ends the request to the service too.
 */
export function forwardTo(name: string, baseUrl: string, timeoutMs: number): RequestHandler {
  const { hostname, port } = new URL(baseUrl);
  return (request, response, next) => {
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    const upstream = httpRequest({
      agent,
      hostname,
      port: port || 80,
      method: request.method,
      path: request.originalUrl,
      headers: forwardedHeaders(request, hasBody),
      timeout: timeoutMs,
    });
    upstream.on('timeout', () => {
      upstream.destroy(new Problem(504, `the ${name} service gave no answer within ${timeoutMs} ms`));
    });
    upstream.on('response', (answer) => sendBack(answer, response));
    upstream.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof Problem) next(error);
      else next(new Problem(502, `the ${name} service could not be reached`, { cause: error }));
    });
    response.on('close', () => upstream.destroy());
    // A body that a GET should not have is not passed on: without a length it could be read as another request.
    if (hasBody) request.pipe(upstream);
    else upstream.end();
  };
}

function sendBack(answer: IncomingMessage, response: Response): void {
  response.status(answer.statusCode ?? 502).set(endToEnd(answer.headers));
  pipeline(answer, response, () => {});
}

function forwardedHeaders(request: Request, hasBody: boolean): IncomingHttpHeaders {
  const { host, expect: _expect, 'content-length': length, ...headers } = endToEnd(request.headers);
  return {
    ...headers,
    ...(hasBody && length !== undefined && { 'content-length': length }),
    'x-forwarded-for': clientAddress(request),
    'x-forwarded-proto': request.protocol,
    'x-forwarded-host': host,
  };
}

const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The headers without those that concern one connection only (RFC 9110, 7.6.1). */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const dropped = new Set([...hopByHop, ...(headers.connection ?? '').toLowerCase().split(/\s*,\s*/)]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
