import type { Attributes } from '@opentelemetry/api';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { inSlices } from '@otel-register/listener';
import { outlivesItsProcess } from './merge.ts';
import { withNewer } from './newer-metrics.ts';
import { keyOf } from './series-key.ts';
import { encode } from './snapshot.ts';
import { Stopwatch } from './stopwatch.ts';

export interface SnapshotOptions {
  /** The metrics of this process, for a page. */
  readonly collect: () => Promise<ResourceMetrics>;
  /** Those of them that may be read at any time: what the application observes itself is read for a page only. */
  readonly collectOften: () => Promise<readonly ScopeMetrics[]>;
  /** Those that can be read in an instant: what was counted until now. */
  readonly recorded: () => readonly ScopeMetrics[];
  /** Keeps apart, by the processes' ids, what is not counted up: gauges, memory, connections. */
  readonly byProcess: boolean;
}

interface Own {
  readonly resource: ResourceMetrics['resource'];
  readonly snapshot: Buffer;
}

/** What this process, or worker thread, brings the others of its cluster of its metrics. */
export class OwnSnapshot {
  readonly #options: SnapshotOptions;
  readonly #write: (pieces: Iterable<Buffer>, isLast: boolean) => void;
  readonly #keysByProcess = new WeakMap<Attributes, string>();
  /** Its points are read when they are written: at the exit it is written once more. */
  #collected: readonly ScopeMetrics[] = [];
  #renewing: Promise<unknown> = Promise.resolve();
  #next: Promise<Own> | undefined;
  #cost = 0;

  /** @param write puts a snapshot in the place of the one before; `isLast` where nothing comes after it for a while */
  constructor(options: SnapshotOptions, write: (pieces: Iterable<Buffer>, isLast: boolean) => void) {
    this.#options = options;
    this.#write = write;
  }

  /** Milliseconds that the last one took of the event loop's time. */
  get cost(): number {
    return this.#cost;
  }

  /** One that is begun after this call: what has been counted until now is in it. */
  renewed(): Promise<Own> {
    this.#next ??= this.#inTurn(async (stopwatch) => {
      this.#next = undefined;
      const { resource, scopeMetrics } = await stopwatch.time(this.#options.collect);
      this.#collected = scopeMetrics;
      return { resource, snapshot: await this.#make(stopwatch) };
    });
    return this.#next;
  }

  /** One for whoever asks when this process is gone, with what may be read at any time. */
  renewUnasked(): Promise<unknown> {
    return this.#inTurn(async (stopwatch) => {
      const often = await stopwatch.time(this.#options.collectOften);
      const names = new Set(often.map(({ scope }) => scope.name));
      this.#collected = [...this.#collected.filter(({ scope }) => !names.has(scope.name)), ...often];
      await this.#make(stopwatch);
    });
  }

  /** Writes the last one once more. */
  writeAgain(): void {
    this.#write(this.#encoded(), false);
  }

  /** Writes what has been counted until now, at once, whatever else is under way. */
  writeNow(isLast: boolean): void {
    this.#collected = this.#options.recorded().reduce(withNewer, this.#collected);
    this.#write(this.#encoded(), isLast);
  }

  /** One after the other: the older of two snapshots must not replace the newer one. */
  #inTurn<T>(renew: (stopwatch: Stopwatch) => Promise<T>): Promise<T> {
    const stopwatch = new Stopwatch();
    const renewal = this.#renewing.then(() => renew(stopwatch));
    const done = () => {
      this.#cost = stopwatch.milliseconds;
    };
    this.#renewing = renewal.then(done, done);
    return renewal;
  }

  async #make(stopwatch: Stopwatch): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of inSlices(stopwatch.timed(this.#encoded()))) pieces.push(piece);
    stopwatch.time(() => this.#write(pieces, false));
    return Buffer.concat(pieces);
  }

  #encoded(): Iterable<Buffer> {
    return encode(this.#collected, (attributes, metric) => this.#keyOf(attributes, metric));
  }

  #keyOf(attributes: Attributes, metric: MetricData): string {
    if (!this.#options.byProcess || outlivesItsProcess(metric)) return keyOf(attributes);
    let key = this.#keysByProcess.get(attributes);
    if (key === undefined) {
      key = keyOf({ ...attributes, 'process.pid': process.pid });
      this.#keysByProcess.set(attributes, key);
    }
    return key;
  }
}
