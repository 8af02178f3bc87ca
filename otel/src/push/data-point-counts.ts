import type { CellRegistry } from '@otel-register/cells';
import { errorTypeOf } from '../error-counts.ts';

/** Told of points that an exporter has sent, or could not send. */
export type CountDataPoints = (points: number, exporter: string, failure: Error | undefined) => void;

/** Semantic conventions, "OpenTelemetry SDK metrics": `otel.sdk.exporter.metric_data_point.exported`. */
export function countDataPoints(cells: CellRegistry): CountDataPoints {
  const exported = cells.counter({
    name: 'otel.sdk.exporter.metric_data_point.exported',
    unit: '{data_point}',
    description: 'Points of metrics that were sent, or could not be: then with error_type.',
  });
  return (points, exporter, failure) =>
    exported.bind({ 'otel.component.type': exporter, 'error.type': failure && errorTypeOf(failure) }).add(points);
}
