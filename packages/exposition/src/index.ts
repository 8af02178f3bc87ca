/** OpenTelemetry metric data in, Prometheus text out: pure functions, apart from what is remembered of label text. */
export { familyName, familyType } from './names.ts';
export { PROMETHEUS_TEXT, PrometheusTextRenderer } from './prometheus-text.ts';
