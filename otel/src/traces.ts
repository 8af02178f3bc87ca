import type { IncomingMessage } from 'node:http';
import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';

/** Instrumentations that make metrics and no spans: what they measure, the probes measure. */
const WITHOUT_SPANS = { enabled: false };

/** Upstream's own metrics go nowhere, so nothing that the probes count is counted twice. */
const NO_METRICS: MeterProvider = { getMeter: () => createNoopMeter() };

/**
 * Makes the instrumentations that produce spans, those of `@opentelemetry/auto-instrumentations-node`, as the standard
 * variables switch them. This file is loaded only when spans have somewhere to go.
 *
 * @param isScrape tells the requests that get no span
 */
export function createSpanInstrumentations(isScrape: (request: IncomingMessage) => boolean): Instrumentation[] {
  return getNodeAutoInstrumentations({
    '@opentelemetry/instrumentation-http': { ignoreIncomingRequestHook: isScrape },
    '@opentelemetry/instrumentation-host-metrics': WITHOUT_SPANS,
    '@opentelemetry/instrumentation-runtime-node': WITHOUT_SPANS,
  });
}

/** Switches them on. The SDK does not get them: it would hand them its meter provider. */
export function enableSpanInstrumentations(instrumentations: Instrumentation[]): void {
  registerInstrumentations({ instrumentations, meterProvider: NO_METRICS });
}
