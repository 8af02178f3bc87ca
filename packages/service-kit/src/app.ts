import { randomUUID } from 'node:crypto';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { pinoHttp } from 'pino-http';
import { healthRoutes } from './health.ts';
import type { Logger } from './logger.ts';
import { answerProblem, notFound } from './problem.ts';
import type { Resource } from './resource.ts';

export interface AppOptions {
  logger: Logger;
  /** What `/health/ready` asks. */
  resources: Resource[];
  /** Where the service's own routers are mounted: path → router. */
  routes: Record<string, RequestHandler>;
  /** Largest JSON body in bytes; `false` leaves bodies unread, for a service that passes them on. */
  bodyLimit?: number | false;
}

/** Builds a service's Express app. It does not listen: `runService` or a test does. */
export function createApp({ logger, resources, routes, bodyLimit = 100 * 1024 }: AppOptions): Express {
  const app = express();
  app.disable('etag');
  app.use(requestLog(logger), helmet(), notCached);
  app.use(healthRoutes(resources));
  if (bodyLimit !== false) app.use(express.json({ limit: bodyLimit }));
  for (const [path, router] of Object.entries(routes)) app.use(path, router);
  app.use(notFound, answerProblem);
  return app;
}

// Answers hold tokens and personal data.
const notCached: RequestHandler = (_request, response, next) => {
  response.set('cache-control', 'no-store');
  next();
};

const acceptableId = /^[\w.:-]{1,128}$/;

/** One log line a request (health checks aside). The client's `x-request-id`, or a new one, is echoed. */
function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && acceptableId.test(given) ? given : randomUUID();
      request.headers['x-request-id'] = id;
      response.setHeader('x-request-id', id);
      return id;
    },
    autoLogging: { ignore: (request) => request.url?.startsWith('/health/') ?? false },
    customLogLevel: (_request, response, error) => (error || response.statusCode >= 500 ? 'error' : 'info'),
    quietReqLogger: true,
    wrapSerializers: false,
  });
}
