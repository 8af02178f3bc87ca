import type { CellRegistry, CounterCell, CounterMetric } from '@otel-register/cells';

/** The cells of all connections of one side; there is but one set, so nothing about it can grow. */
export interface TrafficCells {
  readonly active: CounterCell;
  readonly sent: FlowCells;
  readonly received: FlowCells;
}

interface FlowCells {
  readonly messages: CounterCell;
  readonly bytes: CounterCell;
}

/**
 * Open connections of one kind, and messages and bytes that go over them by direction. The semantic conventions have no names
 * for them; these are made like theirs for HTTP: `websocket.server.active_connections`.
 */
export class ConnectionTraffic {
  readonly #active: CounterMetric;
  readonly #messages: CounterMetric;
  readonly #bytes: CounterMetric;
  #cells: TrafficCells | undefined;

  /** @param name what the names of the metrics begin with, such as `websocket.server` */
  constructor(cells: CellRegistry, name: string, connections: string) {
    this.#active = cells.upDownCounter({
      name: `${name}.active_connections`,
      unit: '{connection}',
      description: `Open ${connections}.`,
    });
    this.#messages = cells.counter({
      name: `${name}.messages`,
      unit: '{message}',
      description: `Messages over ${connections}, by direction.`,
    });
    this.#bytes = cells.counter({
      name: `${name}.io`,
      unit: 'By',
      description: `Bytes of messages over ${connections}, by direction.`,
    });
  }

  /** Bound when the first connection is opened: a service that has none has no series either. */
  get cells(): TrafficCells {
    this.#cells ??= { active: this.#active.bind({}), sent: this.#flow('transmit'), received: this.#flow('receive') };
    return this.#cells;
  }

  #flow(direction: 'transmit' | 'receive'): FlowCells {
    const attributes = { 'network.io.direction': direction };
    return { messages: this.#messages.bind(attributes), bytes: this.#bytes.bind(attributes) };
  }
}
