import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api';

const APIS = { context, diag, logs, metrics, propagation, trace };

/** By their names, what all copies of `@opentelemetry/api` share. */
function globals(): Readonly<Record<string, unknown>> {
  return (
    (globalThis as Record<symbol, Record<string, unknown> | undefined>)[Symbol.for('opentelemetry.js.api.1')] ?? {}
  );
}

/**
 * Lets something register itself with the API of OpenTelemetry, where it is not taken.
 *
 * @returns what takes that back: all but what somebody else has put in its place since
 */
export function registered(register: () => void): () => void {
  const before = { ...globals() };
  register();
  const ours = Object.entries(globals()).filter(([name, value]) => value !== before[name]);
  return () => {
    for (const [name, value] of ours) if (globals()[name] === value) APIS[name as keyof typeof APIS]?.disable();
  };
}
