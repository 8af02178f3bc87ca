import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { OtlpOptions, OtlpProtocol } from '../otlp-exporters.ts';

/** What sends metrics by each protocol, and what semantic conventions call it (`otel.component.type`). */
export const METRIC_EXPORTERS: Record<OtlpProtocol, { make(options?: OtlpOptions): PushMetricExporter; type: string }> =
  {
    'http/protobuf': { make: (options) => new ProtobufExporter(options), type: 'otlp_http_metric_exporter' },
    'http/json': { make: (options) => new JsonExporter(options), type: 'otlp_http_json_metric_exporter' },
    grpc: { make: (options) => new GrpcExporter(options), type: 'otlp_grpc_metric_exporter' },
  };
