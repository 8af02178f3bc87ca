/** The time that the agent takes for itself, such as for making a page: it is none of the service's. */
export class OwnWork {
  #over = 0;
  /** When the stretches began that are under way, each by what ends it. */
  readonly #since = new Map<() => void, number>();

  /** In all, what is under way up to now. */
  get milliseconds(): number {
    let sum = this.#over;
    for (const since of this.#since.values()) sum += performance.now() - since;
    return sum;
  }

  /** Called when a stretch of work begins that keeps the event loop from everything else; what it returns ends it. */
  begin(): () => void {
    const since = performance.now();
    const end = () => {
      if (this.#since.delete(end)) this.#over += performance.now() - since;
    };
    this.#since.set(end, since);
    return end;
  }
}
