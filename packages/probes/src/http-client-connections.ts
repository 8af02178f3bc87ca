import type { Duplex } from 'node:stream';
import { type CellRegistry, OVERFLOW, type PartialAttributes } from '@otel-register/cells';
import type { HttpTarget } from './http-client-metrics.ts';

const connection = Symbol('otel-register.connection');

export type ClientSocket = Duplex & { readonly connecting?: boolean; [connection]?: Connection };

interface Connection {
  readonly states: States;
  readonly onClose: () => void;
  /** In flight. */
  requests: number;
}

/** What the open connections to one server are doing, counted anew at each collection. */
interface States {
  readonly attributes: PartialAttributes;
  active: number;
  idle: number;
}

/** Open connections of HTTP clients: each is remembered once, and asked for its state when the metric is read. */
export class HttpClientConnections {
  readonly #open = new Set<ClientSocket>();
  readonly #servers = new Map<HttpTarget, States>();
  readonly #others: States = { attributes: OVERFLOW, active: 0, idle: 0 };
  readonly #mostServers: number;

  constructor(cells: CellRegistry) {
    // Two series each.
    this.#mostServers = cells.cardinalityLimit / 2;
    cells.observedUpDownCounter(
      {
        name: 'http.client.open_connections',
        unit: '{connection}',
        description: 'Open connections of HTTP clients, by state.',
      },
      (report) => {
        this.#count();
        for (const { attributes, active, idle } of this.#all()) {
          report(active, { ...attributes, 'http.connection.state': 'active' });
          report(idle, { ...attributes, 'http.connection.state': 'idle' });
        }
      },
    );
  }

  /** @returns whether the connection was not known before */
  opened(socket: ClientSocket, target: HttpTarget): boolean {
    if (socket[connection]) return false;
    const onClose = () => this.forget(socket);
    socket[connection] = { states: this.#statesOf(target), onClose, requests: 0 };
    this.#open.add(socket);
    socket.on('close', onClose);
    return true;
  }

  /** One request more on a connection (1), or one less (-1). */
  used(socket: ClientSocket, change: 1 | -1): void {
    const known = socket[connection];
    if (known) known.requests += change;
  }

  /** For a connection that no longer is one of HTTP: it was closed or speaks another protocol now. */
  forget(socket: ClientSocket): void {
    this.#open.delete(socket);
    const known = socket[connection];
    if (known) socket.off('close', known.onClose);
  }

  #statesOf(target: HttpTarget): States {
    const known = this.#servers.get(target);
    if (known) return known;
    if (target.isOverflow || this.#servers.size >= this.#mostServers) return this.#others;
    const { address, port } = target;
    const states = { attributes: { 'server.address': address, 'server.port': port }, active: 0, idle: 0 };
    this.#servers.set(target, states);
    return states;
  }

  #count(): void {
    for (const states of [...this.#servers.values(), this.#others]) states.active = states.idle = 0;
    for (const socket of this.#open) {
      const known = socket[connection];
      if (known && !socket.connecting) known.states[known.requests > 0 ? 'active' : 'idle']++;
    }
  }

  /** Those of a server stay at zero when none is left. */
  #all(): States[] {
    const { active, idle } = this.#others;
    return [...this.#servers.values(), ...(active + idle > 0 ? [this.#others] : [])];
  }
}
