import { increase, type MetricsPage, type Values } from './metrics-page.ts';
import type { Program } from './program.ts';
import { until } from './until.ts';

/** What goes over the connections of a program that is both server and client of itself: `server messages receive`. */
export class Traffic {
  readonly #program: Program;
  readonly #name: string;

  /** @param name what the names of the metrics begin with, such as `websocket` */
  constructor(program: Program, name: string) {
    this.#program = program;
    this.#name = name;
  }

  /** Takes a step: what it returned, and what it added. */
  async take(step: string) {
    const before = this.#of(await this.#program.scrape());
    const result = await this.#program.step(step);
    return { result, added: increase(before, this.#of(await this.#program.scrape())) };
  }

  /** Settles when so many connections are open. */
  open(server: number, client: number): Promise<void> {
    return until(`${server} connections of servers and ${client} of clients`, async () => {
      const page = await this.#program.scrapeNow();
      return this.#active(page, 'server') === server && this.#active(page, 'client') === client;
    });
  }

  #active(page: MetricsPage, side: string): number {
    return page.values(`${this.#name}_${side}_active_connections`)[''] ?? 0;
  }

  #of(page: MetricsPage): Values {
    const values: Values = {};
    for (const side of ['server', 'client']) {
      for (const [what, metric] of [
        ['messages', 'messages_total'],
        ['bytes', 'io_bytes_total'],
      ]) {
        const flow = page.values(`${this.#name}_${side}_${metric}`, 'network_io_direction');
        for (const [direction, value] of Object.entries(flow)) values[`${side} ${what} ${direction}`] = value;
      }
    }
    return values;
  }
}

/** What both sides see of so many messages and bytes that go to the server and come back from it. */
export function exchanged(up: [messages: number, bytes: number], down: [messages: number, bytes: number]): Values {
  return {
    'server messages receive': up[0],
    'server bytes receive': up[1],
    'server messages transmit': down[0],
    'server bytes transmit': down[1],
    'client messages transmit': up[0],
    'client bytes transmit': up[1],
    'client messages receive': down[0],
    'client bytes receive': down[1],
  };
}

/** The same messages and bytes there and back. */
export const thereAndBack = (messages: number, bytes: number) => exchanged([messages, bytes], [messages, bytes]);
