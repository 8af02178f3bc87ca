import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { ConnectionTraffic, type TrafficCells } from './connection-traffic.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

const VERSIONS = ['>=7.0.0 <9'];

/** Engine.IO opens WebSockets with this parameter, which its protocol demands: what goes over them is counted as Socket.IO. */
const ENGINE_IO = /[?&]EIO=\d/;

const FINAL = 0x80;
const OPCODE = 0x0f;
const FIRST_CONTROL_OPCODE = 8;
const PAYLOAD_LENGTH = 0x7f;

const trafficOf = Symbol('otel-register.traffic');
const isEngineIo = Symbol('otel-register.is-engine-io');

interface Carrier {
  [trafficOf]?: TrafficCells | undefined;
}

interface RawSocket extends Carrier {
  [isEngineIo]?: true;
}

interface WebSocket extends Carrier {
  readonly _isServer: boolean;
  readonly _receiver: Carrier | null;
  /** Of a client. */
  readonly url?: string;
}

interface Sender {
  readonly _socket: RawSocket;
}

interface Receiver extends Carrier {
  readonly _fin: boolean;
  /** Bytes of the payloads of a message's frames so far, as they came. */
  readonly _totalPayloadLength: number;
}

/**
 * Measures the WebSockets of ws 7 and 8, of servers and of clients: open connections, messages and their bytes, as they are on
 * the wire: without the heads of the frames, compressed where they are. Pings, pongs and closes are none.
 *
 * WebSockets that carry Socket.IO are left to its probe, so nothing is counted under two names.
 */
export class WsProbe extends Probe {
  readonly #server: ConnectionTraffic;
  readonly #client: ConnectionTraffic;

  constructor(cells: CellRegistry) {
    super('ws');
    this.#server = new ConnectionTraffic(cells, 'websocket.server', 'WebSocket connections of servers');
    this.#client = new ConnectionTraffic(cells, 'websocket.client', 'WebSocket connections of clients');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const wrappers = {
      'ws/lib/websocket-server.js': { handleUpgrade: (original: Method) => this.#upgrading(original) },
      'ws/lib/websocket.js': {
        setSocket: (original: Method) => this.#opening(original),
        emitClose: (original: Method) => this.#closing(original),
      },
      'ws/lib/sender.js': { sendFrame: (original: Method) => this.#sending(original) },
      'ws/lib/receiver.js': { dataMessage: (original: Method) => this.#receiving(original) },
    };
    const modules = Object.entries(wrappers).map(([module, methods]) => ({ module, wrappers: methods }));
    return [this.patched('ws', VERSIONS, modules)];
  }

  #upgrading(original: Method): Method {
    return function handleUpgrade(this: unknown, request: { url?: string }, socket: RawSocket) {
      if (request.url !== undefined && ENGINE_IO.test(request.url)) socket[isEngineIo] = true;
      return original.apply(this, arguments as never);
    };
  }

  #opening(original: Method): Method {
    const opened = (webSocket: WebSocket, socket: RawSocket) => this.#opened(webSocket, socket);
    return function setSocket(this: WebSocket, socket: RawSocket) {
      // Before, because the service is told that the connection is open and may send at once; it cannot receive at once.
      const traffic = opened(this, socket);
      try {
        return original.apply(this, arguments as never);
      } finally {
        if (this._receiver) this._receiver[trafficOf] = traffic;
      }
    };
  }

  #closing(original: Method): Method {
    return function emitClose(this: WebSocket) {
      this[trafficOf]?.active.add(-1);
      this[trafficOf] = undefined;
      return original.apply(this, arguments as never);
    };
  }

  #sending(original: Method): Method {
    const sent = (traffic: TrafficCells, frame: Buffer) => this.#sent(traffic, frame);
    return function sendFrame(this: Sender, list: readonly [Buffer, ...Buffer[]], callback: unknown) {
      const traffic = this._socket[trafficOf];
      if (traffic) sent(traffic, list[0]);
      return original.call(this, list, callback);
    };
  }

  #receiving(original: Method): Method {
    return function dataMessage(this: Receiver) {
      const traffic = this[trafficOf];
      if (traffic && this._fin) {
        traffic.received.messages.add(1);
        traffic.received.bytes.add(this._totalPayloadLength);
      }
      return original.apply(this, arguments as never);
    };
  }

  #opened(webSocket: WebSocket, socket: RawSocket): TrafficCells | undefined {
    try {
      const { _isServer: isServer, url } = webSocket;
      if (isServer ? socket[isEngineIo] : url !== undefined && ENGINE_IO.test(url)) return undefined;
      const { cells } = isServer ? this.#server : this.#client;
      cells.active.add(1);
      webSocket[trafficOf] = cells;
      socket[trafficOf] = cells;
      return cells;
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** The first bytes of a frame say all: whether it ends a message, and how long its payload is (RFC 6455, 5.2). */
  #sent({ sent }: TrafficCells, frame: Buffer): void {
    try {
      const first = frame.readUInt8(0);
      if ((first & OPCODE) >= FIRST_CONTROL_OPCODE) return;
      if (first & FINAL) sent.messages.add(1);
      const length = frame.readUInt8(1) & PAYLOAD_LENGTH;
      sent.bytes.add(length === 127 ? frame.readUIntBE(4, 6) : length === 126 ? frame.readUInt16BE(2) : length);
    } catch (error) {
      this.failed(error);
    }
  }
}
