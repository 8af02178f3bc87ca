import { randomUUID } from 'node:crypto';

/**
 * What tells this process from all others of its service (semantic conventions, "service.instance.id"): a number by chance, which says
 * nothing of the machine or of who runs it. Processes that were forked have the variables of their parent, and with them its name:
 * they add their process id, for two that send the same series would make nonsense of both.
 *
 * @param given in OTEL_RESOURCE_ATTRIBUTES
 */
export function instanceId(given: string | undefined): string {
  if (given === undefined) return randomUUID();
  return process.channel === undefined ? given : `${given}.${process.pid}`;
}
