import type { IncomingMessage } from 'node:http';
import { type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on stdout. Errors and requests are written by allow-list, so neither a header nor a query parameter leaks. */
export function createLogger(service: string, level: string): Logger {
  return pino({ level, base: { service }, serializers: { err: loggedError, req: loggedRequest, res: loggedResponse } });
}

// The libraries' own error objects carry SQL parameters and Redis arguments.
function loggedError(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    stack,
    ...('code' in error && { code: error.code }),
    ...(cause instanceof Error && { cause: cause.message }),
  };
}

function loggedRequest(request: IncomingMessage & { id?: unknown; originalUrl?: string }) {
  const path = (request.originalUrl ?? request.url ?? '').split('?', 1)[0];
  return { id: request.id, method: request.method, path };
}

function loggedResponse(response: { statusCode?: number; headersSent?: boolean }) {
  return { status: response.headersSent ? response.statusCode : undefined };
}
