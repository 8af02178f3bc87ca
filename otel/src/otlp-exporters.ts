import type { Agent, AgentOptions } from 'node:http';
import type * as Grpc from '@opentelemetry/exporter-trace-otlp-grpc';
import type * as Json from '@opentelemetry/exporter-trace-otlp-http';
import type * as Protobuf from '@opentelemetry/exporter-trace-otlp-proto';
import type * as OverHttp from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { createSpanEncoder, type EncodedSpan, encodeSpans } from '@otel-register/otlp';
import type * as Sentry from '@otel-register/sentry-link/span-exporter';
import { lookUp } from './look-up.ts';
import type { Config } from './settings.ts';

export type OtlpProtocol = Config['OTEL_EXPORTER_OTLP_PROTOCOL'];

/** What says more of a destination than the standard OTEL_EXPORTER_OTLP_… do, which the exporters read themselves. */
export interface OtlpOptions {
  readonly timeoutMillis?: number;
}

/** Where spans are sent, in a form that goes from process to process. */
export interface SpanTarget {
  readonly kind: OtlpProtocol | 'sentry';
  /** Of Sentry. */
  readonly dsn?: string;
  readonly json?: boolean;
}

/** What sends spans, loaded when it is used, and what semantic conventions call it (`otel.component.type`). */
const EXPORTERS: Record<
  SpanTarget['kind'],
  { make(options: OtlpOptions, target: SpanTarget): SpanExporter; type: string }
> = {
  'http/protobuf': {
    make(options) {
      const { OTLPTraceExporter }: typeof Protobuf = require('@opentelemetry/exporter-trace-otlp-proto');
      return new OTLPTraceExporter(withOwnLookUp(options, 'TRACES'));
    },
    type: 'otlp_http_span_exporter',
  },
  'http/json': {
    make(options) {
      const { OTLPTraceExporter }: typeof Json = require('@opentelemetry/exporter-trace-otlp-http');
      return new OTLPTraceExporter(withOwnLookUp(options, 'TRACES'));
    },
    type: 'otlp_http_json_span_exporter',
  },
  grpc: {
    make(options) {
      const { OTLPTraceExporter }: typeof Grpc = require('@opentelemetry/exporter-trace-otlp-grpc');
      return new OTLPTraceExporter(options);
    },
    type: 'otlp_grpc_span_exporter',
  },
  sentry: {
    make(options, { dsn = '', json = false }) {
      const { createSpanExporter }: typeof Sentry = require('@otel-register/sentry-link/span-exporter');
      return createSpanExporter(dsn, { ...options, json, lookup: lookUp });
    },
    type: 'otlp_http_span_exporter',
  },
};

/** Makes what sends spans there. */
export function createExporter(target: SpanTarget, options: OtlpOptions = {}): SpanExporter {
  // The exporters take no serializer; with theirs, making the bytes is half of what spans cost.
  ProtobufTraceSerializer.serializeRequest = encodeSpans;
  return EXPORTERS[target.kind].make(options, target);
}

/**
 * Lets exporters over HTTP, whose connections are made as the variables say, look names up by {@link lookUp}.
 *
 * @throws Error where they name an endpoint without a scheme: the exporters would only find that whenever they send
 */
export function withOwnLookUp(options: OtlpOptions | undefined, signal: 'TRACES' | 'METRICS') {
  const { convertLegacyHttpOptions }: typeof OverHttp = require('@opentelemetry/otlp-exporter-base/node-http');
  const { agentFactory, url } = convertLegacyHttpOptions({}, signal, '', {});
  if (!/^https?:/i.test(url))
    throw new Error(`the endpoint ${JSON.stringify(url.replace(/\/$/, ''))} does not begin with http:// or https://`);
  return {
    ...options,
    async httpAgentOptions(protocol: string) {
      const agent = (await agentFactory(protocol)) as Agent & { options: AgentOptions };
      agent.options.lookup = lookUp;
      return agent;
    },
  };
}

/** What is kept of a span until it is sent there: its bytes where they can be made before. */
export function keptFor({ kind, json = kind === 'http/json' }: SpanTarget): (span: ReadableSpan) => ReadableSpan {
  const encoder = json ? undefined : createSpanEncoder();
  const keep = (span: ReadableSpan) => (encoder ? (encoder.encode(span) as EncodedSpan & ReadableSpan) : span);
  if (kind !== 'sentry') return keep;
  const { withoutPersonalData }: typeof Sentry = require('@otel-register/sentry-link/span-exporter');
  return (span) => keep(withoutPersonalData(span));
}

/** Why an exporter could not be made of the variables; what gRPC says of headers has their values. */
export function whyNotMade(error: unknown): string {
  const { message, code, input } = error as NodeJS.ErrnoException & { input?: unknown };
  if (code === 'ERR_INVALID_URL') return `the endpoint ${JSON.stringify(input)} is not a URL`;
  return message.startsWith('Metadata ')
    ? 'a header of OTEL_EXPORTER_OTLP_… has characters that gRPC does not take'
    : message;
}

/** What semantic conventions call that exporter (`otel.component.type`). */
export function componentTypeOf({ kind }: SpanTarget): string {
  return EXPORTERS[kind].type;
}

/** What a person knows it as. */
export function nameOf({ kind }: SpanTarget): string {
  return kind === 'sentry' ? 'OTLP to Sentry' : `OTLP over ${kind}`;
}
