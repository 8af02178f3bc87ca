import diagnosticsChannel from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { promisify } from 'node:util';
import type { CellRegistry } from '@otel-register/cells';

interface ServerWatcher {
  readonly ignores: (server: Server) => boolean;
  /** Called at each connection to a server. */
  readonly connected: (server: Server) => void;
  readonly closed: (server: Server) => void;
}

/**
 * Open sockets of the HTTP servers of the service, whether or not a request came over them. The servers are asked when the
 * metric is read: nothing is added to a connection.
 */
export class OpenConnections {
  /** With what ends the watch of each. */
  readonly #servers = new Map<Server, () => void>();
  /** Those that were watched before, whose open connections nobody will tell of again. */
  #before: WeakRef<Server>[] = [];
  readonly #watcher: ServerWatcher;
  readonly #onSocket = (message: unknown): void => {
    const server = (message as { socket?: { server?: unknown } }).socket?.server;
    if (isHttpServer(server)) this.#connected(server);
  };

  /** @param watcher must not throw */
  constructor(cells: CellRegistry, watcher: ServerWatcher) {
    this.#watcher = watcher;
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
    for (const server of this.#before.splice(0).map((reference) => reference.deref())) {
      if (server?.listening) this.#connected(server);
    }
  }

  unwatch(): void {
    diagnosticsChannel.unsubscribe('net.server.socket', this.#onSocket);
    for (const [server, closed] of this.#servers) server.off('close', closed);
    this.#before.push(...Array.from(this.#servers.keys(), (server) => new WeakRef(server)));
    this.#servers.clear();
  }

  #connected(server: Server): void {
    if (!this.#servers.has(server)) {
      if (this.#watcher.ignores(server)) return;
      const closed = () => {
        this.#servers.delete(server);
        this.#watcher.closed(server);
      };
      this.#servers.set(server, closed);
      // Comes when the server has been closed and its last connection is gone.
      server.once('close', closed);
    }
    this.#watcher.connected(server);
  }

  async #count(): Promise<number> {
    const counts = await Promise.all(Array.from(this.#servers.keys(), (server) => connectionsOf(server)));
    return counts.reduce((total, count) => total + count, 0);
  }
}

/** Those of node:http and node:https are known by what they alone have: to ask node:https for its class would load it. */
function isHttpServer(server: unknown): server is Server {
  const isHttp1 =
    typeof (server as { closeIdleConnections?: unknown } | undefined)?.closeIdleConnections === 'function';
  return isHttp1 || isHttp2Server(server);
}

/** The classes of node:http2 are not exported, and to ask it for a server of them would load it. */
export function isHttp2Server(server: unknown): server is Server {
  return typeof (server as { updateSettings?: unknown } | undefined)?.updateSettings === 'function';
}

function connectionsOf(server: Server): Promise<number> {
  return promisify(server.getConnections.bind(server))();
}
