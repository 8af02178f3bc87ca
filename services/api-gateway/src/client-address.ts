import type { Request } from 'express';

/** The address that connects, in IPv4 form where it has one. What x-forwarded-for claims is not believed. */
export function clientAddress(request: Request): string {
  return (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
}
