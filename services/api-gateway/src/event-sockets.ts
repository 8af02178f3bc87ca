import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type PaymentEvent, Problem, type Sockets, verifyToken } from '@payments/service-kit';
import { type WebSocket, WebSocketServer } from 'ws';

const path = '/events';
const protocol = 'payment-events';
const tokenPrefix = 'bearer.';

const socketsPerUser = 20;
/** What may wait for one client that is slow to read. */
const bufferedBytes = 1024 * 1024;
const closingMs = 2_000;
const longestTimerMs = 2 ** 31 - 1;

/** Codes of RFC 6455, 7.4.1. */
const goingAway = 1001;
const policyViolation = 1008;

type Verified = ReturnType<typeof verifyToken>;

/**
 * WebSockets at `/events` that carry to each user the events of their own payments, and take nothing. They are opened with
 * the protocols `payment-events` and `bearer.<access token>`: a browser can set no other header, and a query ends up in
 * logs. One is closed when its token expires, when it answers no ping, or when more waits for it than a megabyte.
 */
export class EventSockets implements Sockets {
  readonly #secret: string;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024, handleProtocols: () => protocol });
  readonly #byUser = new Map<string, Set<WebSocket>>();
  readonly #silent = new WeakSet<WebSocket>();
  readonly #pinging: NodeJS.Timeout;
  #closing = false;

  /** @param secret verifies access tokens */
  constructor(secret: string, pingMs: number) {
    this.#secret = secret;
    this.#pinging = setInterval(() => this.#ping(), pingMs).unref();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const caller = this.#admit(request);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#opened(webSocket, caller));
    } catch (error) {
      refuse(socket, error instanceof Problem ? error : new Problem(500, 'an unexpected error'));
    }
  }

  push(event: PaymentEvent): void {
    const sockets = this.#byUser.get(event.payment.userId);
    if (!sockets) return;
    const text = JSON.stringify(event);
    for (const webSocket of sockets) {
      if (webSocket.bufferedAmount > bufferedBytes) webSocket.terminate();
      else webSocket.send(text);
    }
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#pinging);
    for (const webSocket of this.#server.clients) webSocket.close(goingAway, 'the service is stopping');
    setTimeout(() => {
      for (const webSocket of this.#server.clients) webSocket.terminate();
    }, closingMs).unref();
  }

  #admit(request: IncomingMessage): Verified {
    if (this.#closing) throw new Problem(503, 'the service is stopping');
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new Problem(400, 'an upgrade is possible to WebSocket only; leave out the header Upgrade');
    }
    if (request.url?.split('?', 1)[0] !== path) throw new Problem(404, `there is no WebSocket but ${path}`);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
    const token = offered.find((name) => name.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
    if (!token || !offered.includes(protocol)) {
      throw new Problem(401, `the protocols ${protocol} and ${tokenPrefix}<access token> are expected`);
    }
    const caller = verifyToken(this.#secret, token);
    if (caller.role === 'service') throw new Problem(403, 'this path is for users');
    if ((this.#byUser.get(caller.id)?.size ?? 0) >= socketsPerUser) {
      throw new Problem(429, `a user may have ${socketsPerUser} WebSockets; close one`);
    }
    return caller;
  }

  #opened(webSocket: WebSocket, { id, expiresAt }: Verified): void {
    const sockets = this.#byUser.get(id) ?? new Set();
    this.#byUser.set(id, sockets.add(webSocket));
    const expiry = setTimeout(
      () => webSocket.close(policyViolation, 'the access token has expired'),
      Math.min(expiresAt - Date.now(), longestTimerMs),
    );
    // What is wrong with a connection ends it, and the end is all that matters here.
    webSocket.on('error', () => {});
    webSocket.on('pong', () => this.#silent.delete(webSocket));
    webSocket.on('close', () => {
      clearTimeout(expiry);
      sockets.delete(webSocket);
      if (sockets.size === 0) this.#byUser.delete(id);
    });
  }

  #ping(): void {
    for (const webSocket of this.#server.clients) {
      if (this.#silent.has(webSocket)) {
        webSocket.terminate();
        continue;
      }
      this.#silent.add(webSocket);
      webSocket.ping();
    }
  }
}

function refuse(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem);
  const headers = {
    ...problem.headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`;
  socket.end(`${[status, ...lines].join('\r\n')}\r\n\r\n${body}`);
}
