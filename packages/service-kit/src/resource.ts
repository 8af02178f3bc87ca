/** Something a service needs while it runs and must let go of at its end: a database, a Redis, a broker. */
export interface Resource {
  readonly name: string;
  /** Whether the service is ready without it. */
  readonly optional?: boolean;
  /** Rejects when the resource does not answer. */
  check(): Promise<unknown>;
  close(): Promise<unknown>;
}
