import { Worker, workerData } from 'node:worker_threads';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { OTLP_EXPORTERS, type SpanTarget } from './otlp-exporters.ts';
import { copiesOf, type SpanCopy, spansOf } from './span-copies.ts';

/** What the thread is given. */
interface Handed {
  readonly target: SpanTarget;
  readonly copies: readonly SpanCopy[];
  /** One number: PENDING until it is told. */
  readonly outcome: Int32Array;
}

const [PENDING, SENT, FAILED] = [0, 1, 2];

/** How long it tries, in milliseconds: there is time for a second attempt, which comes after a second. */
const TIMEOUT = 1_500;

/**
 * Sends spans of a process that is about to exit, for which no turn of the event loop will come: a thread sends them, and
 * this one waits for it.
 *
 * @param longest in milliseconds
 * @returns whether they were taken
 */
export function sendBeforeExit(target: SpanTarget, spans: readonly ReadableSpan[], longest: number): boolean {
  const outcome = new Int32Array(new SharedArrayBuffer(4));
  const handed: Handed = { target, copies: copiesOf(spans), outcome };
  new Worker(`require(${JSON.stringify(__filename)}).sendInThread()`, {
    eval: true,
    workerData: handed,
    // Nothing that this process is started with runs in there, the agent least of all.
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '', OTEL_SDK_DISABLED: 'true' },
  });
  Atomics.wait(outcome, 0, PENDING, longest);
  return outcome[0] === SENT;
}

/** What that thread does. */
export function sendInThread(): void {
  const { target, copies, outcome } = workerData as Handed;
  OTLP_EXPORTERS[target.kind].make({ timeoutMillis: TIMEOUT }, target).export(spansOf(copies), ({ code }) => {
    Atomics.store(outcome, 0, code === ExportResultCode.SUCCESS ? SENT : FAILED);
    Atomics.notify(outcome, 0);
  });
}
