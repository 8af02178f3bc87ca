import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { familyType, sampleName, type TranslationStrategy } from '@otel-register/exposition';
import { PROM_CLIENT } from './prom-client-metrics.ts';

/**
 * The same without those metrics of prom-client that would have the name of another one on the page, whose series would be
 * taken for theirs.
 *
 * @param onTaken told each of their names
 */
export function withoutTakenNames(
  resourceMetrics: ResourceMetrics,
  strategy: TranslationStrategy,
  onTaken: (name: string) => void,
): ResourceMetrics {
  const taken = new Set<string | undefined>();
  for (const { scope, metrics } of resourceMetrics.scopeMetrics) {
    if (scope.name === PROM_CLIENT) continue;
    for (const metric of metrics) taken.add(sampleName(metric, familyType(metric), strategy));
  }
  const isFree = ({ descriptor: { name } }: MetricData) => {
    if (taken.has(name)) onTaken(name);
    return !taken.has(name);
  };
  const scopeMetrics = resourceMetrics.scopeMetrics.map(({ scope, metrics }) =>
    scope.name === PROM_CLIENT ? { scope, metrics: metrics.filter(isFree) } : { scope, metrics },
  );
  return { ...resourceMetrics, scopeMetrics };
}
