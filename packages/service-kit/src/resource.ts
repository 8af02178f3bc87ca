/** Something a service needs while it runs and must let go of at its end: a database, a Redis. */
export interface Resource {
  readonly name: string;
  /** Rejects when the resource does not answer. */
  check(): Promise<unknown>;
  close(): Promise<unknown>;
}
