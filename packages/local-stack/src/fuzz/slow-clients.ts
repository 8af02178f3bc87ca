import { connect, type Socket } from 'node:net';

/** Milliseconds between two things that a slow client does. */
const PACE = 200;

const HEAD = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n';

interface SlowClient {
  /** What it says when it is connected. */
  readonly first: string;
  /** What it does now and then. */
  readonly meanwhile: (socket: Socket) => void;
}

const SLOW: readonly SlowClient[] = [
  { first: '', meanwhile() {} },
  // Slow loris: the next byte comes in time, the end never.
  { first: `${HEAD}X-Slow: `, meanwhile: (socket) => void socket.write('x') },
  { first: `POST${HEAD.slice(3)}Content-Length: 1000000\r\n\r\n`, meanwhile: (socket) => void socket.write('x') },
  // Readers that read a little, and ask for more than they read.
  { first: `${HEAD}\r\n`.repeat(50), meanwhile: (socket) => void socket.read(1024) },
  { first: `${HEAD}Accept-Encoding: gzip\r\n\r\n`, meanwhile: (socket) => void socket.read(1) },
];

/**
 * Keeps so many connections with a server that are slow in every way, and makes a new one whenever one is dropped.
 *
 * @returns what ends them
 */
export function slowClients(port: number, host: string, count: number): () => void {
  const sockets = new Set<Socket>();
  let isOver = false;
  const open = (number: number) => {
    if (isOver) return;
    const { first, meanwhile } = SLOW[number % SLOW.length] as SlowClient;
    const socket = connect({ port, host }).on('error', () => {});
    // It is read by hand.
    socket.on('readable', () => {});
    socket.write(first);
    const timer = setInterval(meanwhile, PACE, socket);
    sockets.add(socket);
    socket.on('close', () => {
      clearInterval(timer);
      sockets.delete(socket);
      setTimeout(open, PACE, number);
    });
  };
  for (let number = 0; number < count; number++) open(number);
  return () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  };
}
