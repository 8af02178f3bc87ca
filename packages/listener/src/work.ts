/** Is told of each stretch of work during which the event loop does nothing for the service. */
export interface WorkObserver {
  worked(milliseconds: number): void;
}

/** Begins a stretch of work; what it returns ends it, once. */
function begin(observer: WorkObserver): () => void {
  const start = performance.now();
  let isOver = false;
  return () => {
    if (!isOver) observer.worked(performance.now() - start);
    isOver = true;
  };
}

/** What `work` comes to. It is observed until it lets the event loop go on: from then on the service has its turn. */
export async function observedTurn<T>(observer: WorkObserver, work: () => Promise<T>): Promise<T> {
  const end = begin(observer);
  const next = setImmediate(end);
  try {
    return await work();
  } finally {
    end();
    clearImmediate(next);
  }
}

function observed<T>(observer: WorkObserver, work: () => T): T {
  const end = begin(observer);
  try {
    return work();
  } finally {
    end();
  }
}

/** The same items; making each is work. */
export function* observedItems<T>(observer: WorkObserver, items: Iterable<T>): Generator<T, void, void> {
  const iterator = items[Symbol.iterator]();
  try {
    for (;;) {
      const { done, value } = observed(observer, () => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    iterator.return?.();
  }
}
