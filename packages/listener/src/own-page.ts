import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { METRICS_PATH } from './scrape-handler.ts';

/** Hands a request to a service, as its server would. */
export type HandOver = (request: IncomingMessage, response: ServerResponse) => void;

/** What no service answers by a page of its own. */
const NOWHERE = '/otel-register-nothing-here';

/** Milliseconds within which the service answers; what it does not answer in time is an answer like another. */
const TIME_LIMIT = 1000;

/** Bytes of an answer that are looked at. */
const ENOUGH = 64 * 1024;

/**
 * Whether a service has a page of its own where ours is: nothing but asking it tells that, whatever framework or none it is
 * made with. What it answers with 2xx is its own, unless it answers the same to a path that cannot be known to it.
 *
 * @param scrape the request that it is asked like
 * @param isForUs whether that identifies itself to us, which is none of the service's business
 */
export async function hasOwnPage(handOver: HandOver, scrape: IncomingMessage, isForUs: boolean): Promise<boolean> {
  const ask = (path: string) => answerTo(handOver, (socket) => requestLike(scrape, path, socket, isForUs));
  const page = await ask(METRICS_PATH);
  if (!/^HTTP\/1\.1 2/.test(page)) return false;
  return comparable(page, METRICS_PATH) !== comparable(await ask(NOWHERE), NOWHERE);
}

/** Status, type and body. */
function comparable(answer: string, path: string): string {
  const end = answer.indexOf('\r\n\r\n');
  const status = answer.slice(0, answer.indexOf('\r\n'));
  const [type = ''] = /^content-type:.*$/im.exec(answer.slice(0, end)) ?? [];
  return [status, type, answer.slice(end).replaceAll(path, '')].join('\n');
}

/** Asks the service: the beginning of what it writes, all of it that comes in time. */
function answerTo(handOver: HandOver, createRequest: (socket: Socket) => IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const socket = new Listening();
    const request = createRequest(socket);
    const response = new ServerResponse(request);
    const end = () => {
      clearTimeout(late);
      socket.destroy();
      // As a server does when an answer has ended, or its client has gone.
      response.emit('close');
      resolve(socket.heard);
    };
    const giveUp = () => {
      request.destroy();
      end();
    };
    const late = setTimeout(giveUp, TIME_LIMIT).unref();
    request.on('error', () => {});
    response.on('error', () => {});
    response.once('finish', () => {
      request.resume();
      end();
    });
    response.assignSocket(socket);
    try {
      handOver(request, response);
      request.push(null);
    } catch {
      giveUp();
    }
  });
}

function requestLike(
  { headers, rawHeaders, socket: from }: IncomingMessage,
  path: string,
  socket: Socket,
  isForUs: boolean,
): IncomingMessage {
  const { authorization, ...others } = headers;
  const isHidden = (index: number) => isForUs && rawHeaders[index - (index % 2)]?.toLowerCase() === 'authorization';
  for (const end of [
    'remoteAddress',
    'remotePort',
    'remoteFamily',
    'localAddress',
    'localPort',
    'encrypted',
  ] as const) {
    Object.defineProperty(socket, end, { value: (from as Socket & { encrypted?: boolean })[end] });
  }
  return Object.assign(new IncomingMessage(socket), {
    ...{ method: 'GET', url: path, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, complete: true },
    headers: isForUs ? others : { ...headers },
    rawHeaders: rawHeaders.filter((_, index) => !isHidden(index)),
  });
}

/** A connection to nobody, which keeps the beginning of what is written to it. */
class Listening extends Socket {
  heard = '';

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    if (this.heard.length < ENOUGH) this.heard += chunk.toString();
    done();
  }

  override _writev(chunks: { chunk: Buffer | string }[], done: () => void): void {
    for (const { chunk } of chunks) this._write(chunk, 'utf8', () => {});
    done();
  }
}
