import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { CellRegistry } from '@otel-register/cells';
import { createProbes, PROBES_WITH_SPANS, type Probe } from '@otel-register/probes';

import type { Watching } from './metrics.ts';

/** The probes of a process that makes spans and no metrics: what they count, nobody reads. */
export function createSpanProbes(isEnabled: (name: string) => boolean, watching: Watching): Probe[] {
  return createProbes(
    {
      cells: new CellRegistry({ scope: 'unread', cardinalityLimit: 1 }),
      ignores: () => false,
      isOwn: () => isTracingSuppressed(context.active()),
      cacheNames: [],
      spans: true,
      ...watching,
    },
    (name) => PROBES_WITH_SPANS.includes(name) && isEnabled(name),
  );
}
