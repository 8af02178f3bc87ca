import { Worker, workerData } from 'node:worker_threads';
import type { Attributes } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { createExporter, type OtlpProtocol, type SpanTarget } from './otlp-exporters.ts';
import type { METRIC_EXPORTERS } from './push/exporters.ts';
import { type SpanCopy, spansOf } from './span-copies.ts';

/** What is to be sent, in a form that goes from thread to thread. */
export type Last =
  | { readonly what: 'spans'; readonly target: SpanTarget; readonly copies: readonly SpanCopy[] }
  | { readonly what: 'metrics'; readonly protocol: OtlpProtocol; readonly metrics: MetricsCopy };

/** Without the methods of the resource. */
interface MetricsCopy {
  readonly resource: { readonly attributes: Attributes; readonly schemaUrl: string | undefined };
  readonly scopeMetrics: readonly ScopeMetrics[];
}

/** What the thread is given besides: one number, PENDING until it is told. */
type Handed = Last & { readonly outcome: Int32Array };

const [PENDING, SENT, FAILED] = [0, 1, 2];

/** How long it tries, in milliseconds: there is time for a second attempt, which comes after a second. */
const OPTIONS = { timeoutMillis: 1_500 };

/**
 * Sends what a process has that is about to exit, for which no turn of the event loop will come: a thread sends it, and this one
 * waits for it.
 *
 * @param longest in milliseconds
 * @returns whether it was taken
 */
export function sendInExit(last: Last, longest: number): boolean {
  const outcome = new Int32Array(new SharedArrayBuffer(4));
  new Worker(`require(${JSON.stringify(__filename)}).sendInThread()`, {
    eval: true,
    workerData: { ...last, outcome } satisfies Handed,
    // Nothing that this process is started with runs in there, the agent least of all.
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '', OTEL_SDK_DISABLED: 'true' },
  });
  Atomics.wait(outcome, 0, PENDING, longest);
  return outcome[0] === SENT;
}

/** What that thread does. */
export function sendInThread(): void {
  const { outcome, ...last } = workerData as Handed;
  const done = ({ code }: ExportResult) => {
    Atomics.store(outcome, 0, code === ExportResultCode.SUCCESS ? SENT : FAILED);
    Atomics.notify(outcome, 0);
  };
  if (last.what === 'spans') createExporter(last.target, OPTIONS).export(spansOf(last.copies), done);
  else
    loadExporters()
      [last.protocol].make(OPTIONS)
      .export(last.metrics as unknown as ResourceMetrics, done);
}

function loadExporters(): typeof METRIC_EXPORTERS {
  return require('./push/exporters.ts').METRIC_EXPORTERS;
}
