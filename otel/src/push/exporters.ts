import type * as Grpc from '@opentelemetry/exporter-metrics-otlp-grpc';
import type * as Json from '@opentelemetry/exporter-metrics-otlp-http';
import type * as Protobuf from '@opentelemetry/exporter-metrics-otlp-proto';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { type OtlpOptions, type OtlpProtocol, withOwnLookUp } from '../otlp-exporters.ts';

/** What sends metrics by each protocol, loaded when it is used, and what semantic conventions call it (`otel.component.type`). */
export const METRIC_EXPORTERS: Record<OtlpProtocol, { make(options?: OtlpOptions): PushMetricExporter; type: string }> =
  {
    'http/protobuf': {
      make(options) {
        const { OTLPMetricExporter }: typeof Protobuf = require('@opentelemetry/exporter-metrics-otlp-proto');
        return new OTLPMetricExporter(withOwnLookUp(options, 'METRICS'));
      },
      type: 'otlp_http_metric_exporter',
    },
    'http/json': {
      make(options) {
        const { OTLPMetricExporter }: typeof Json = require('@opentelemetry/exporter-metrics-otlp-http');
        return new OTLPMetricExporter(withOwnLookUp(options, 'METRICS'));
      },
      type: 'otlp_http_json_metric_exporter',
    },
    grpc: {
      make(options) {
        const { OTLPMetricExporter }: typeof Grpc = require('@opentelemetry/exporter-metrics-otlp-grpc');
        return new OTLPMetricExporter(options);
      },
      type: 'otlp_grpc_metric_exporter',
    },
  };
