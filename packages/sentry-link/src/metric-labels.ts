import type { Attributes } from '@opentelemetry/api';

/** The labels that Prometheus knows attributes by. */
export function metricLabels(attributes: Attributes): Record<string, string> {
  const known = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([key, value]) => [key.replaceAll('.', '_'), String(value)]));
}

/** What a person asks Prometheus for the buckets that a request is in. */
export function seriesSelector(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `http_server_request_duration_seconds_bucket{${matchers.join(',')}}`;
}
