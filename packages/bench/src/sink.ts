import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Where variants send their traces. */
export interface Sink {
  readonly url: string;
  /** In all since the start. */
  bytesReceived(): number;
  stop(): Promise<unknown>;
}

/** Starts it on a thread of its own, so that what arrives does not disturb the clock of the load. */
export async function startSink(): Promise<Sink> {
  const received = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const program = fileURLToPath(new URL('../programs/sink.cjs', import.meta.url));
  const worker = new Worker(program, { workerData: received });
  const [port] = await once(worker, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    bytesReceived: () => Number(new BigInt64Array(received)[0]),
    stop: () => worker.terminate(),
  };
}
