/** The time that the agent takes for itself, such as for making a page: it is none of the service's. */
export class OwnWork {
  /** In all. */
  milliseconds = 0;

  /** To be told of each stretch of work that kept the event loop from everything else. */
  worked(milliseconds: number): void {
    this.milliseconds += milliseconds;
  }
}
