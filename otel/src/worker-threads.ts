import { setEnvironmentData } from 'node:worker_threads';
import type { Cluster as Place } from './cluster/meeting-place.ts';

/** What a worker thread is given of its process: its own environment may be another one. */
export interface HandedOver {
  readonly env: Record<string, string | undefined>;
  readonly serviceName: string;
  /** Where the threads meet whose numbers are on one page, or sent together; none where there are no metrics. */
  readonly places: readonly Place[];
}

/** For all threads that are made from now on, in whose otel/register.js it is asked for. */
export function handOver({ env, ...rest }: HandedOver): void {
  const ours = Object.entries(env).filter(([name]) => name.startsWith('OTEL_'));
  setEnvironmentData('otel-register', { env: Object.fromEntries(ours), ...rest } as never);
}

/** Threads that are made from now on run without the agent. */
export function takeBack(): void {
  setEnvironmentData('otel-register', undefined as never);
}
