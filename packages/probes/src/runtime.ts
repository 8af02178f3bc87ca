import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import type { CellRegistry, HistogramCell, HistogramMetric } from '@otel-register/cells';
import { DELAY_STATISTICS, type Delays, EventLoopDelay } from './event-loop-delay.ts';
import type { OwnWork } from './own-work.ts';
import { Probe } from './probe.ts';

/** Buckets that the semantic conventions advise for v8js.gc.duration, in seconds. */
const GC_BOUNDARIES = [0.01, 0.1, 1, 10];

/**
 * The event loop is watched in windows of this many milliseconds, about the interval of usual scrapes. Windows that began
 * with each scrape would be cut in two by a second scraper.
 */
const WINDOW = 15_000;

/** The kinds of garbage collection in `perf_hooks.constants`, as the semantic conventions call them. */
const GC_KINDS = new Map([
  [1, 'minor'],
  [2, 'minor'],
  [4, 'major'],
  [8, 'incremental'],
  [16, 'weakcb'],
]);

/** What one window saw: delays in seconds, and the share of the time in which the loop was not idle. */
interface EventLoopWindow {
  readonly delays: Delays;
  readonly utilization: number;
}

/**
 * Event loop, garbage collection and heap of this process (semantic conventions, "Node.js runtime" and "V8 runtime"). What the
 * agent does to the event loop for a scrape is not in it.
 */
export class RuntimeProbe extends Probe {
  readonly #gc: HistogramMetric;
  readonly #gcCells = new Map<string, HistogramCell>();
  readonly #gcObserver = new PerformanceObserver((list) => {
    // All entries: in a burst one callback brings many collections.
    for (const entry of list.getEntries()) this.#collected(entry);
  });
  readonly #work: OwnWork;
  readonly #delay: EventLoopDelay;
  #windowStart: LoopTime;
  #lastWindow: EventLoopWindow | undefined;
  #rotation: NodeJS.Timeout | undefined;

  constructor(cells: CellRegistry, work: OwnWork) {
    super('runtime-node');
    this.#work = work;
    this.#delay = new EventLoopDelay(work);
    this.#windowStart = loopTime(work);
    this.#gc = cells.histogram({
      name: 'v8js.gc.duration',
      unit: 's',
      description: 'Garbage collection duration by kind.',
      boundaries: GC_BOUNDARIES,
    });
    for (const statistic of DELAY_STATISTICS) {
      cells.observedGauge(
        { name: `nodejs.eventloop.delay.${statistic}`, unit: 's', description: `Event loop delay, ${statistic}.` },
        (report) => report(this.#window().delays[statistic], {}),
      );
    }
    cells.observedGauge(
      {
        name: 'nodejs.eventloop.utilization',
        unit: '1',
        description: 'Share of the time that the event loop was active.',
      },
      (report) => report(this.#window().utilization, {}),
    );
    observeEventLoopTime(cells, work);
    observeHeap(cells);
    observeResources(cells);
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    this.#gcObserver.observe({ entryTypes: ['gc'] });
    this.#delay.enable();
    this.#rotation = setInterval(() => {
      this.#lastWindow = this.#current();
      this.#delay.reset();
      this.#windowStart = loopTime(this.#work);
    }, WINDOW).unref();
  }

  override disable(): void {
    super.disable();
    this.#gcObserver.disconnect();
    this.#delay.disable();
    clearInterval(this.#rotation);
  }

  /** The last whole window; the one under way while there is none. */
  #window(): EventLoopWindow {
    return this.#lastWindow ?? this.#current();
  }

  #current(): EventLoopWindow {
    const now = loopTime(this.#work);
    const [active, idle] = [now.active - this.#windowStart.active, now.idle - this.#windowStart.idle];
    const utilization = active > 0 ? active / (active + idle) : 0;
    return { delays: this.#delay.read(), utilization };
  }

  #collected(entry: PerformanceEntry): void {
    const kind = GC_KINDS.get((entry as PerformanceEntry & { detail: { kind: number } }).detail.kind) ?? '_OTHER';
    let cell = this.#gcCells.get(kind);
    if (!cell) {
      cell = this.#gc.bind({ 'v8js.gc.type': kind });
      this.#gcCells.set(kind, cell);
    }
    cell.record(entry.duration / 1000);
  }
}

/** Milliseconds that the loop was active for the service, and those that it was idle, since the start. */
interface LoopTime {
  readonly active: number;
  readonly idle: number;
}

function loopTime(work: OwnWork): LoopTime {
  const { active, idle } = performance.eventLoopUtilization();
  return { active: Math.max(active - work.milliseconds, 0), idle };
}

function observeEventLoopTime(cells: CellRegistry, work: OwnWork): void {
  cells.observedCounter(
    { name: 'nodejs.eventloop.time', unit: 's', description: 'Time that the event loop was in each state.' },
    (report) => {
      const { active, idle } = loopTime(work);
      report(active / 1000, { 'nodejs.eventloop.state': 'active' });
      report(idle / 1000, { 'nodejs.eventloop.state': 'idle' });
    },
  );
}

function observeHeap(cells: CellRegistry): void {
  const spaces = (name: string, description: string, field: keyof ReturnType<typeof getHeapSpaceStatistics>[number]) =>
    cells.observedUpDownCounter({ name, unit: 'By', description }, (report) => {
      for (const space of getHeapSpaceStatistics()) {
        report(Number(space[field]), { 'v8js.heap.space.name': space.space_name });
      }
    });
  spaces('v8js.memory.heap.used', 'Heap memory in use, by heap space.', 'space_used_size');
  spaces('v8js.memory.heap.space.size', 'Total size of each heap space.', 'space_size');
  spaces('v8js.memory.heap.space.available_size', 'Heap space that is available.', 'space_available_size');
  spaces('v8js.memory.heap.space.physical_size', 'Committed size of each heap space.', 'physical_space_size');
}

/** Handles and requests that keep the event loop busy or the process alive: timers, sockets, files that are being read. */
function observeResources(cells: CellRegistry): void {
  cells.observedGauge(
    {
      name: 'v8js.resource.active',
      unit: '{resource}',
      description: 'Resources that keep the event loop alive, by type.',
    },
    (report) => {
      const counts = new Map<string, number>();
      for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
      for (const [type, count] of counts) report(count, { 'v8js.resource.type': type });
    },
  );
}
