import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { ConnectionTraffic, type TrafficCells } from './connection-traffic.ts';
import { stopWatchingSource, watchSource } from './module-source.ts';
import { type Method, overrideMethod, patchMethod, unpatchMethod } from './patch.ts';
import { Probe } from './probe.ts';

const VERSIONS = ['>=3.0.0 <5'];
const KNOWN_VERSIONS = /^[34]\./;

/** The types of packets that are an event or an acknowledgement, and those of them that have binary attachments. */
const MESSAGES = '2356';
const WITH_ATTACHMENTS = '56';

const stateOf = Symbol('otel-register.state');

/** An Engine.IO connection, whatever its transport. */
interface Connection {
  readonly readyState: string;
  [stateOf]?: ConnectionState | undefined;
}

/** Both of socket.io's ends of a connection: `Client` of a server, `Manager` of a client. */
interface End {
  readonly conn?: Connection;
  readonly engine?: Connection;
}

/**
 * Measures Socket.IO 3 and 4, servers and clients: open connections over whatever transport, messages and their bytes. A
 * message is an event or an acknowledgement, with its attachments; of its name nothing is kept. Bytes are those of what is
 * handed to the transport, packets that are no message among them.
 */
export class SocketIoProbe extends Probe {
  readonly #server: ConnectionTraffic;
  readonly #client: ConnectionTraffic;
  readonly #imported: object[] = [];

  constructor(cells: CellRegistry) {
    super('socket.io');
    this.#server = new ConnectionTraffic(cells, 'socketio.server', 'Socket.IO connections of servers');
    this.#client = new ConnectionTraffic(cells, 'socketio.client', 'Socket.IO connections of clients');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const client = {
      module: 'socket.io/dist/client.js',
      holder: (exports: { Client: { prototype: object } }) => exports.Client.prototype,
      wrappers: this.wrappers('setup', () => this.#server),
    };
    const managers = ['socket.io-client/build/cjs/manager.js', 'socket.io-client/build/manager.js'].map((module) => ({
      module,
      holder: (exports: { Manager: { prototype: object } }) => exports.Manager.prototype,
      wrappers: this.wrappers('onopen', () => this.#client),
    }));
    return [this.patched('socket.io', VERSIONS, [client]), this.patched('socket.io-client', VERSIONS, managers)];
  }

  /** The client of Socket.IO 4 exists a second time, as ES modules. */
  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    watchSource({
      name: 'socket.io-client',
      file: 'build/esm-debug/manager.js',
      binding: 'Manager',
      replace: (Manager: { prototype: object }, version) => {
        if (KNOWN_VERSIONS.test(version)) this.#patchImported(Manager.prototype);
        else this.unknownVersion('socket.io-client', version);
        return Manager;
      },
    });
  }

  override disable(): void {
    super.disable();
    stopWatchingSource('socket.io-client');
    for (const prototype of this.#imported.splice(0)) {
      for (const method of Object.keys(this.wrappers('onopen', () => this.#client))) unpatchMethod(prototype, method);
    }
  }

  #patchImported(prototype: object): void {
    this.#imported.push(prototype);
    for (const [method, wrap] of Object.entries(this.wrappers('onopen', () => this.#client)))
      patchMethod(prototype, method, wrap);
  }

  /**
   * Not `#wrappers`, which would not be there yet when `init` is called.
   *
   * @param open the method that is called when a connection is open
   */
  private wrappers(open: string, side: () => ConnectionTraffic): Record<string, (original: Method) => Method> {
    return {
      [open]: (original) => this.#opening(original, side),
      ondata: (original) => this.#receiving(original),
      onclose: (original) => this.#closing(original),
    };
  }

  #opening(original: Method, side: () => ConnectionTraffic): Method {
    const opened = this.guarded((end: End) => this.#opened(end, side().cells));
    return function (this: End) {
      opened(this);
      return original.apply(this, arguments as never);
    };
  }

  #receiving(original: Method): Method {
    const received = (end: End, data: unknown) => this.#received(end, data);
    return function ondata(this: End, data: unknown) {
      received(this, data);
      return original.call(this, data);
    };
  }

  #closing(original: Method): Method {
    const closed = this.guarded((end: End) => {
      const connection = connectionOf(end);
      connection?.[stateOf]?.closed();
      if (connection) connection[stateOf] = undefined;
    });
    return function onclose(this: End) {
      closed(this);
      return original.apply(this, arguments as never);
    };
  }

  #opened(end: End, cells: TrafficCells): void {
    const connection = connectionOf(end);
    if (!connection || connection[stateOf]) return;
    connection[stateOf] = new ConnectionState(cells);
    overrideMethod(connection, 'write', (original) => this.#writing(original));
  }

  /** On the connection itself: versions differ in where its class has the method. */
  #writing(original: Method): Method {
    const written = (connection: Connection, data: unknown) => this.#written(connection, data);
    return function write(this: Connection, data: unknown) {
      written(this, data);
      return original.apply(this, arguments as never);
    };
  }

  #received(end: End, data: unknown): void {
    try {
      connectionOf(end)?.[stateOf]?.received(data);
    } catch (error) {
      this.failed(error);
    }
  }

  #written(connection: Connection, data: unknown): void {
    try {
      // What is written to a connection that closes goes nowhere.
      if (connection.readyState === 'open') connection[stateOf]?.sent(data);
    } catch (error) {
      this.failed(error);
    }
  }
}

function connectionOf({ conn, engine }: End): Connection | undefined {
  return conn ?? engine;
}

/** One open connection. */
class ConnectionState {
  readonly #cells: TrafficCells;
  readonly #out = new Attachments();
  readonly #in = new Attachments();

  constructor(cells: TrafficCells) {
    this.#cells = cells;
    cells.active.add(1);
  }

  sent(data: unknown): void {
    const { messages, bytes } = this.#cells.sent;
    bytes.add(byteLength(data));
    if (this.#out.isMessage(data)) messages.add(1);
  }

  received(data: unknown): void {
    const { messages, bytes } = this.#cells.received;
    bytes.add(byteLength(data));
    if (this.#in.isMessage(data)) messages.add(1);
  }

  closed(): void {
    this.#cells.active.add(-1);
  }
}

/** Tells the packets of one direction apart: a message may be followed by attachments, which are part of it. */
class Attachments {
  /** How many are still to come. */
  #left = 0;

  isMessage(data: unknown): boolean {
    if (typeof data !== 'string') {
      // Another parser than Socket.IO's own may make all its packets binary.
      if (this.#left === 0) return true;
      this.#left--;
      return false;
    }
    const type = data.charAt(0);
    this.#left = WITH_ATTACHMENTS.includes(type) ? Number.parseInt(data.slice(1, 8), 10) || 0 : 0;
    return type !== '' && MESSAGES.includes(type);
  }
}

function byteLength(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  return (data as { byteLength?: number } | undefined)?.byteLength ?? 0;
}
