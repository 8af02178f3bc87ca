/** Is told of each stretch of work during which the event loop does nothing for the service. */
export interface WorkObserver {
  /** Called when one begins; what it returns is called when that is over, once. */
  beginWork(): () => void;
}

/** Begins a stretch of work; what it returns ends it, however often it is called. */
function begin(observer: WorkObserver): () => void {
  const end = observer.beginWork();
  let isOver = false;
  return () => {
    if (!isOver) end();
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
  const end = observer.beginWork();
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
