import diagnosticsChannel from 'node:diagnostics_channel';
import type { Agent, ClientRequest } from 'node:http';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';

let isWatching = false;
/** Of the exporters. */
const agents = new Set<Agent>();

/**
 * Lets the process end while an export waits for its answer: {@link flushAtExit} gives the last one its time. A connection that
 * is used again keeps the process alive anew, so each request is looked at.
 */
export function letExportsWait(): void {
  if (isWatching) return;
  isWatching = true;
  diagnosticsChannel.subscribe('http.client.request.start', letWait);
}

/** Ends what {@link letExportsWait} has begun, and closes what connections have nothing to do: no exporter closes its own. */
export function forgetExports(): void {
  if (!isWatching) return;
  isWatching = false;
  diagnosticsChannel.unsubscribe('http.client.request.start', letWait);
  for (const { freeSockets } of agents) {
    for (const socket of Object.values(freeSockets).flatMap((sockets = []) => sockets)) socket.destroy();
  }
  agents.clear();
}

function letWait(message: unknown): void {
  if (!isTracingSuppressed(context.active())) return;
  const { request } = message as { request: ClientRequest & { readonly agent?: Agent } };
  if (request.agent) agents.add(request.agent);
  if (request.socket) request.socket.unref();
  else request.once('socket', (socket) => socket.unref());
}
