/** Spelled as met, so that a command costs one look-up. Bounded: a service may pass on a name that somebody else chose. */
const operations = new Map<string, string>();
const MOST_OPERATIONS = 500;

/** The command in capitals, `db.operation.name`. */
export function redisOperation(command: string): string {
  const known = operations.get(command);
  if (known !== undefined) return known;
  if (operations.size >= MOST_OPERATIONS) return '_OTHER';
  const operation = command.toUpperCase();
  operations.set(command, operation);
  return operation;
}
