import diagnosticsChannel from 'node:diagnostics_channel';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { promisify } from 'node:util';
import type { CellRegistry } from '@otel-register/cells';

/**
 * Open sockets of the HTTP servers of the service, whether or not a request came over them. The servers are asked when the
 * metric is read: nothing is added to a connection.
 */
export class OpenConnections {
  readonly #servers = new Set<HttpServer>();
  readonly #ignores: (server: HttpServer) => boolean;
  readonly #onSocket = (message: unknown): void => {
    const server = (message as { socket?: { server?: unknown } }).socket?.server;
    if (server instanceof HttpServer || server instanceof HttpsServer) this.#remember(server as HttpServer);
  };

  constructor(cells: CellRegistry, ignores: (server: HttpServer) => boolean) {
    this.#ignores = ignores;
    cells.observedUpDownCounter(
      {
        name: 'http.server.active_connections',
        unit: '{connection}',
        description: 'Open connections to the HTTP servers of the service.',
      },
      async (report) => report(await this.#count(), {}),
    );
  }

  watch(): void {
    diagnosticsChannel.subscribe('net.server.socket', this.#onSocket);
  }

  unwatch(): void {
    diagnosticsChannel.unsubscribe('net.server.socket', this.#onSocket);
    this.#servers.clear();
  }

  #remember(server: HttpServer): void {
    if (this.#servers.has(server) || this.#ignores(server)) return;
    this.#servers.add(server);
    // Comes when the server has been closed and its last connection is gone.
    server.once('close', () => this.#servers.delete(server));
  }

  async #count(): Promise<number> {
    const counts = await Promise.all(Array.from(this.#servers, (server) => connectionsOf(server)));
    return counts.reduce((total, count) => total + count, 0);
  }
}

function connectionsOf(server: HttpServer): Promise<number> {
  return promisify(server.getConnections.bind(server))();
}
