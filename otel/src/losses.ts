import { diag } from '@opentelemetry/api';

/**
 * Says when something begins to be lost on the way, and when it arrives again.
 *
 * @param what is lost, `spans`
 * @param done to it where it arrives, `sent by OTLP over grpc`
 */
export function reportedOnce(what: string, done: string): (count: number, failure: Error | undefined) => void {
  let lost = 0;
  return (count, failure) => {
    if (failure) {
      if (lost === 0) {
        diag.error(
          `${what} cannot be ${done}: ${failure.message || failure.name}; they are dropped until they can, the service is not affected`,
        );
      }
      lost += count;
    } else if (lost > 0) {
      diag.info(`${what} are ${done} again; ${lost} were lost`);
      lost = 0;
    }
  };
}
