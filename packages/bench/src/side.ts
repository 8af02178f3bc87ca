import { applyLoad, type LoadResult } from './load-generator.ts';
import type { MemoryKinds, Surroundings } from './server.ts';
import type { Variant } from './variants.ts';
import type { Backends, Running, Workload } from './workloads.ts';

const CONNECTIONS = 16;

/** A service under one variant. It is frozen but for its own turns: it uses nothing while another one is measured. */
export class Side {
  readonly #running: Running;
  readonly #requests: number;
  #cpu = 0;

  private constructor(running: Running, requests: number) {
    this.#running = running;
    this.#requests = requests;
  }

  /**
   * Starts the service and freezes it when it has lived: with traffic, a scrape if it has a page, and much more traffic. After the first
   * scrape V8 compiles anew what it shares with the service, as it does once in the life of a service.
   *
   * @param requests of a slice
   */
  static async start(
    workload: Workload,
    variant: Variant,
    surroundings: Surroundings,
    backends: Backends,
    { requests, beforeScrape, afterScrape }: Record<'requests' | 'beforeScrape' | 'afterScrape', number>,
  ): Promise<Side> {
    const running = await workload.start(variant, surroundings, backends);
    const side = new Side(running, requests);
    try {
      await side.#load(beforeScrape);
      await side.#prove(variant);
      await side.#load(afterScrape);
      await side.#cpuSince();
      side.#freeze();
      return side;
    } catch (error) {
      await side.stop();
      const said = running.servers.map((server) => server.stderr()).join('');
      throw new Error(`${(error as Error).message}\n${said}`.trim());
    }
  }

  /** One slice of load. The CPU is all that the service used since its last turn. */
  async slice(): Promise<{ load: LoadResult; cpu: number }> {
    this.thaw();
    const load = await this.#load();
    const cpu = await this.#cpuSince();
    this.#freeze();
    return { load, cpu };
  }

  /** One slice of load with the heap watched: bytes allocated, and microseconds of garbage collection. */
  async heapSlice(): Promise<{ allocated: number; collecting: number }> {
    this.thaw();
    await this.#each((server) => server.startAllocation());
    await this.#load();
    const heaps = await this.#each((server) => server.stopAllocation());
    this.#freeze();
    return { allocated: sum(heaps, 'allocated'), collecting: sum(heaps, 'collecting') };
  }

  /** Of all its processes, at the end of its life. */
  async memory(): Promise<MemoryKinds> {
    this.thaw();
    const memories = await this.#each((server) => server.memory());
    return {
      resident: sum(memories, 'resident'),
      heapInUse: sum(memories, 'heapInUse'),
      heapHeld: sum(memories, 'heapHeld'),
      allocatedByV8: sum(memories, 'allocatedByV8'),
    };
  }

  thaw(): void {
    for (const server of this.#running.servers) server.thaw();
  }

  async stop(): Promise<void> {
    await this.#each((server) => server.stop());
  }

  #freeze(): void {
    for (const server of this.#running.servers) server.freeze();
  }

  /** Microseconds since it was asked last. */
  async #cpuSince(): Promise<number> {
    const total = (await this.#each((server) => server.cpu())).reduce((sum, cpu) => sum + cpu, 0);
    const cpu = total - this.#cpu;
    this.#cpu = total;
    return cpu;
  }

  #load(count = this.#requests): Promise<LoadResult> {
    const { servers, requests } = this.#running;
    return applyLoad({ port: servers[0].port, requests, count, connections: CONNECTIONS });
  }

  /** A variant that measured nothing would look cheap. */
  async #prove({ name, proof }: Variant): Promise<void> {
    const isOwn = proof.includes('own-page');
    if (!isOwn && !proof.includes('service-page')) return;
    for (const { port, metricsPort } of this.#running.servers) {
      const url = `http://127.0.0.1:${isOwn ? metricsPort : port}/metrics`;
      const page = await (await fetch(url)).text();
      if (!/^http\w*duration\w*_count/m.test(page)) throw new Error(`${name} has no duration of requests on ${url}`);
    }
  }

  #each<T>(work: (server: Running['servers'][number]) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#running.servers.map(work));
  }
}

function sum<K extends string>(items: readonly Record<K, number>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}
