import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';

/** The metrics of all scopes, those of one scope in the place of older ones; what is only among the older ones stays. */
export function withNewer(older: readonly ScopeMetrics[], { scope, metrics }: ScopeMetrics): ScopeMetrics[] {
  const names = new Set(metrics.map(({ descriptor }) => descriptor.name));
  const same = older.find((one) => one.scope.name === scope.name)?.metrics ?? [];
  const left = same.filter(({ descriptor }) => !names.has(descriptor.name));
  return [...older.filter((one) => one.scope.name !== scope.name), { scope, metrics: [...left, ...metrics] }];
}
