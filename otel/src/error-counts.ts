import type { CellRegistry } from '@otel-register/cells';

/**
 * Counts what became of the errors that were reported to Sentry.
 *
 * @returns to be told of each, with why it is lost unless Sentry has taken it
 */
export function countErrors(cells: CellRegistry): (failure: Error | undefined) => void {
  const events = cells.counter({
    name: 'otel.sentry.events',
    unit: '{event}',
    description: 'Errors that were reported to Sentry, or could not be: then with error_type.',
  });
  return (failure) => events.bind({ 'error.type': failure && errorTypeOf(failure) }).add(1);
}

/**
 * Says where the traces of exemplars are found in Sentry. An exemplar has no room for it: all its labels together may have 128
 * characters (OpenMetrics, "Exemplars"), of which the ids take half.
 *
 * @param organization its URL
 */
export function tellTraceUrl(cells: CellRegistry, organization: string): void {
  const template = `${organization.replace(/\/$/, '')}/explore/traces/trace/{trace_id}/`;
  cells.observedGauge(
    {
      name: 'otel.sentry.trace_url.info',
      unit: '',
      description:
        'Where Sentry shows a trace, such as one that an exemplar names: put its trace_id into url_template.',
    },
    (report) => report(1, { url_template: template }),
  );
}

/** A code such as ECONNREFUSED, queue_full or 503; the names of errors are few as well. */
export function errorTypeOf(failure: Error & { code?: unknown }): string {
  return String(failure.code ?? failure.name);
}
