import { type Context, context } from '@opentelemetry/api';
import type { Method } from './patch.ts';

/**
 * Calls what a library calls back where one of its sockets was read, which is in the context of whoever opened the connection:
 * in the context of the one who asked.
 *
 * @param caller undefined where it is not known
 */
export function callBackIn(caller: Context | undefined, method: Method, self: unknown, args: IArguments): unknown {
  if (caller === undefined || caller === context.active()) return method.apply(self, args as never);
  return context.with(caller, () => method.apply(self, args as never));
}
