import type { Cluster } from 'node:cluster';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { CellRegistry, CounterCell } from '@otel-register/cells';
import { membersMetrics } from './group-metrics.ts';
import { isMeetingPlace, meetingPlace, type Cluster as Place, removeMeetingPlace } from './meeting-place.ts';
import { portOwner } from './port-owner.ts';
import { ProcessGroup } from './process-group.ts';

export interface ClusterMetricsOptions {
  readonly cells: CellRegistry;
  /** Counts the answers that do not come in time; asked for by one who has joined others. */
  readonly late: () => CounterCell;
  /** Instrumentation scope of what is said of the cluster. */
  readonly scope: string;
  /** Where the page is asked for: processes of one cluster with pages of their own stay apart. */
  readonly address: string;
  /** The metrics of this process, within so many milliseconds. */
  readonly collect: (timeLimit?: number) => Promise<ResourceMetrics>;
  /** Those of them that may be read at any time. */
  readonly collectOften: () => Promise<readonly ScopeMetrics[]>;
  /** Those that can be read in an instant. */
  readonly recorded: () => readonly ScopeMetrics[];
  /** Keeps gauges apart by process. */
  readonly byProcess: boolean;
  readonly onError: (error: unknown) => void;
}

/** Says in the folder of a cluster that the primary process has the page's port. */
const PRIMARY = 'primary';

/**
 * The metrics for the page: those of this process until it is one of a cluster, then of all of the cluster. A worker is from
 * the start; the primary becomes one when it makes its first worker ready. Where the primary does not run under the agent, as
 * PM2's, the workers share the port of the page by themselves. Worker threads come together with their process in the same way: it
 * joins them when it finds them there.
 */
export class ClusterMetrics {
  readonly #options: ClusterMetricsOptions;
  #place: Place;
  #group: ProcessGroup | undefined;
  #hasPort = true;

  constructor(options: ClusterMetricsOptions) {
    this.#options = options;
    this.#place = this.#placeOf(process.pid);
  }

  /** Where the worker threads of this process find the others. */
  get place(): Place {
    return this.#place;
  }

  collect(timeLimit: number): Promise<ResourceMetrics> {
    if (!this.#group && isMeetingPlace(this.#place)) this.#guarded(() => this.#join());
    return this.#group ? this.#group.collect() : this.#options.collect(timeLimit);
  }

  /**
   * Finds out what this process is.
   *
   * @param onTaken told which other service of the same cluster has the page's port
   * @returns whether the page's port is for this process to open
   */
  begin(service: string, onTaken: (owner: string) => void): boolean {
    if (isWorker()) {
      this.#guarded(() => this.#joinAsWorker(service, onTaken));
    } else {
      this.#guarded(() => removeMeetingPlace(this.#place));
      whenPrimary(() => this.#guarded(() => this.#joinAsPrimary()));
    }
    return this.#hasPort;
  }

  /** Whether nobody has joined this process, so that its own metrics are all there are. */
  get isAlone(): boolean {
    return !this.#group && !isMeetingPlace(this.#place);
  }

  /** With nobody but the worker threads of this process. */
  beginWithThreads(): void {
    this.#guarded(() => removeMeetingPlace(this.#place));
  }

  /** In a worker thread, whose process has that place. */
  beginAsThread(place: Place): void {
    this.#place = place;
    this.#guarded(() => this.#join());
  }

  /** The primary has the port from its start, before there are workers. */
  #joinAsPrimary(): void {
    this.#join();
    writeFileSync(join(meetingPlace(this.#place), PRIMARY), '', { mode: 0o600 });
  }

  #joinAsWorker(service: string, onTaken: (owner: string) => void): void {
    this.#place = this.#placeOf(process.ppid);
    const folder = meetingPlace(this.#place);
    if (existsSync(join(folder, PRIMARY))) {
      this.#hasPort = false;
    } else {
      const owner = portOwner(folder, service);
      this.#hasPort = owner === service;
      if (!this.#hasPort) {
        onTaken(owner);
        this.#place = this.#placeOf(process.ppid, service);
      }
    }
    this.#join();
  }

  #placeOf(primaryPid: number, service = ''): Place {
    return { primaryPid, name: `${this.#options.address}\n${service}` };
  }

  #guarded(join: () => void): void {
    try {
      join();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #join(): void {
    if (this.#group) return;
    const { cells, collect, collectOften, recorded, byProcess, scope, onError } = this.#options;
    const late = this.#options.late();
    const group = new ProcessGroup({
      folder: () => meetingPlace(this.#place),
      collect,
      recorded,
      collectOften,
      describe: (members) => membersMetrics(scope, members),
      limit: cells.cardinalityLimit,
      byProcess,
      onLate: () => late.add(1),
      onError,
    });
    group.join();
    this.#group = group;
  }
}

/** Whether this process is a worker of a cluster; without loading the module in one that nobody has forked. */
export function isWorker(): boolean {
  if (process.channel === undefined) return false;
  // The types know only its form as an ES module.
  return (process.getBuiltinModule('node:cluster') as unknown as Cluster).isWorker;
}

/**
 * Calls `then` when the process makes its first worker ready. The module `cluster` listens for internal messages from then on,
 * and that is seen without loading it where it is not used.
 */
function whenPrimary(then: () => void): void {
  const onNewListener = (name: string | symbol) => {
    if (name !== 'internalMessage') return;
    process.off('newListener', onNewListener);
    then();
  };
  process.on('newListener', onNewListener);
}
