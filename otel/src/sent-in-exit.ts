import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers';
import { deserialize, serialize } from 'node:v8';
import type { Attributes } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { runInExit } from './exit-process.ts';
import { createExporter, type OtlpProtocol, type SpanTarget } from './otlp-exporters.ts';
import type { METRIC_EXPORTERS } from './push/exporters.ts';
import { type SpanCopy, spansOf } from './span-copies.ts';

/** What is to be sent, in a form that goes from process to process. */
export type Last =
  | { readonly what: 'spans'; readonly target: SpanTarget; readonly copies: readonly SpanCopy[] }
  | { readonly what: 'metrics'; readonly protocol: OtlpProtocol; readonly metrics: MetricsCopy };

/**
 * Sends what a process has that is about to exit.
 *
 * @param longest in milliseconds
 * @returns whether it was taken
 */
export type SendInExit = (last: Last, longest: number) => boolean;

/** Without the methods of the resource. */
interface MetricsCopy {
  readonly resource: { readonly attributes: Attributes; readonly schemaUrl: string | undefined };
  readonly scopeMetrics: readonly ScopeMetrics[];
}

/** How long it tries, in milliseconds: there is time for a second attempt, which comes after a second. */
const OPTIONS = { timeoutMillis: 1_500 };

/** By a process of its own, which is given this file. */
export const sendInExit: SendInExit = (last, longest) =>
  runInExit(`require(${JSON.stringify(__filename)}).sendLast()`, serialize(last), longest);

/** What the process does that is started for it. */
export function sendLast(): void {
  const last: Last = deserialize(readFileSync(0));
  // Node's own: the bundle's global one does not keep the process alive.
  setTimeout(() => process.exit(1), OPTIONS.timeoutMillis);
  const done = ({ code }: ExportResult) => process.exit(code === ExportResultCode.SUCCESS ? 0 : 1);
  if (last.what === 'spans') createExporter(last.target, OPTIONS).export(spansOf(last.copies), done);
  else
    loadExporters()
      [last.protocol].make(OPTIONS)
      .export(last.metrics as unknown as ResourceMetrics, done);
}

function loadExporters(): typeof METRIC_EXPORTERS {
  return require('./push/exporters.ts').METRIC_EXPORTERS;
}
