import type { Cluster } from 'node:cluster';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { CellRegistry, CounterCell } from '@otel-register/cells';
import { membersMetrics } from './group-metrics.ts';
import { isAnyoneThere, isRunning, meetingPlace, type Cluster as Place, removeMeetingPlace } from './meeting-place.ts';
import { announce, type Page, pageAbove, withdraw } from './page-above.ts';
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

/** Milliseconds between two looks at whether the process is still there that has the page. */
const LOOK = 1000;

/** Milliseconds between two looks at whether there is what others have left. */
const LOOK_FOR_OTHERS = 10_000;

/** What comes of the start of a process that may be one of several. */
export interface Beginning {
  /** Told which other service of the same cluster has the page's port. */
  readonly onTaken: (owner: string) => void;
  /** Called when the process is gone that had it: it is for this one to open, or for one of its like. */
  readonly onLeftAlone: () => void;
}

/**
 * The metrics for the page: those of this process until there are others of its service, then of all of them. Of a cluster, a
 * worker is one of several from the start; the primary becomes one when it makes its first worker ready. Where the primary
 * does not run under the agent, as PM2's, the workers share the port of the page by themselves. Children that a process has
 * started, with `fork` or in whatever way, and its worker threads bring their numbers to it: it joins them when it finds them there.
 */
export class ClusterMetrics {
  readonly #options: ClusterMetricsOptions;
  #place: Place;
  #group: ProcessGroup | undefined;
  #hasPort = true;
  /** What ends what it has begun. */
  #ends: (() => void)[] = [];

  constructor(options: ClusterMetricsOptions) {
    this.#options = options;
    this.#place = this.#placeOf(process.pid);
  }

  /** Where the worker threads of this process find the others. */
  get place(): Place {
    return this.#place;
  }

  collect(timeLimit: number): Promise<ResourceMetrics> {
    this.#joinOthers();
    return this.#group ? this.#group.collect() : this.#options.collect(timeLimit);
  }

  /**
   * Finds out what this process is.
   *
   * @returns whether the page's port is for this process to open
   */
  begin(service: string, beginning: Beginning): boolean {
    const page = pageAbove(this.#place.name);
    if (page && (page.service === service || (isWorker() && page.pid === process.ppid))) {
      this.#guarded(() => this.#joinPageOf(page, beginning));
    } else if (isWorker()) {
      this.#guarded(() => this.#joinAsWorker(service, beginning));
    } else {
      this.beginWithThreads();
      // It has the port from its start, before there are workers.
      const forgetPrimary = whenPrimary(() => this.#guarded(() => this.#join()));
      // What threads and children leave would be there for ever where nobody asks for a page.
      const look = setInterval(() => {
        this.#joinOthers();
        if (this.#group) clearInterval(look);
      }, LOOK_FOR_OTHERS).unref();
      this.#ends.push(forgetPrimary, () => clearInterval(look));
    }
    const announceOnce = () => {
      unsubscribe('child_process', announceOnce);
      this.announce(service);
    };
    subscribe('child_process', announceOnce);
    this.#ends.push(
      () => unsubscribe('child_process', announceOnce),
      () => withdraw(this.#place),
    );
    return this.#hasPort;
  }

  /** Ends what it has begun; it can begin again, as the same one among the others. */
  end(): void {
    this.#guarded(() => this.#group?.rest());
    for (const end of this.#ends.splice(0)) this.#guarded(end);
  }

  /** Says to all processes that this one starts from now on that its page is there for them. */
  announce(service: string): void {
    announce({ pid: process.pid, service, place: this.#place });
  }

  /** Whether nobody has joined this process, so that its own metrics are all there are. */
  get isAlone(): boolean {
    return !this.#group && !isAnyoneThere(this.#place);
  }

  /** With nobody but the worker threads of this process. */
  beginWithThreads(): void {
    this.#guarded(() => (this.#group ? this.#group.join() : removeMeetingPlace(this.#place)));
  }

  /** In a worker thread, whose process has that place. */
  beginAsThread(place: Place): void {
    this.#place = place;
    this.#guarded(() => this.#join());
  }

  #joinOthers(): void {
    if (!this.#group && isAnyoneThere(this.#place)) this.#guarded(() => this.#join());
  }

  #joinPageOf({ pid, place }: Page, { onLeftAlone }: Beginning): void {
    this.#place = place;
    this.#join();
    this.#hasPort = false;
    // A worker ends with its primary, and to ask one that is gone for the port would be an uncaught exception.
    if (isWorker() && pid === process.ppid) return;
    const look = setInterval(() => {
      if (isRunning(pid)) return;
      clearInterval(look);
      onLeftAlone();
    }, LOOK).unref();
    this.#ends.push(() => clearInterval(look));
  }

  #joinAsWorker(service: string, { onTaken }: Beginning): void {
    this.#place = this.#placeOf(process.ppid);
    const owner = portOwner(meetingPlace(this.#place), service);
    this.#hasPort = owner === service;
    if (!this.#hasPort) {
      onTaken(owner);
      this.#place = this.#placeOf(process.ppid, service);
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
    this.#group ??= this.#newGroup();
    this.#group.join();
  }

  #newGroup(): ProcessGroup {
    const { cells, collect, collectOften, recorded, byProcess, scope, onError } = this.#options;
    const late = this.#options.late();
    return new ProcessGroup({
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
 *
 * @returns what ends it
 */
function whenPrimary(then: () => void): () => void {
  const onNewListener = (name: string | symbol) => {
    if (name !== 'internalMessage') return;
    process.off('newListener', onNewListener);
    then();
  };
  process.on('newListener', onNewListener);
  return () => process.off('newListener', onNewListener);
}
