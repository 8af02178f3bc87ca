import { increase, type MetricsPage, type Values } from './metrics-page.ts';
import type { Program } from './program.ts';
import { type RawConnection, rawConnection } from './raw-connection.ts';
import { until } from './until.ts';

export const inFlight = (page: MetricsPage): Values =>
  page.values('http_server_active_requests', 'http_request_method', 'url_scheme');
export const connections = (page: MetricsPage): number => page.value('http_server_active_connections');

/** What the requests to a server add to its metrics. */
export class ServerTraffic {
  readonly #service: () => Program;
  readonly #labels: readonly string[];

  /** @param labels that requests are told apart by, beside the error's type */
  constructor(service: () => Program, ...labels: string[]) {
    this.#service = service;
    this.#labels = [...labels, 'error_type'];
  }

  /** How many requests have ended, as their durations tell. */
  async total(): Promise<Values> {
    const page = await this.#service().scrape();
    return page.values('http_server_request_duration_seconds_count', ...this.#labels);
  }

  /** What the traffic adds to {@link total}. */
  async ends(traffic: () => Promise<unknown>): Promise<Values> {
    const earlier = await this.total();
    await traffic();
    return increase(earlier, await this.total());
  }

  /** Settles when so many requests of the method are in flight. */
  running(method: string, number = 1, scheme = 'http'): Promise<void> {
    const key = `${method} ${scheme}`;
    return until(`${number} ${key} in flight`, async () => inFlight(await this.#service().scrapeNow())[key] === number);
  }

  /** A request, of a method that no other one has at the time, whose client goes away before its answer. */
  async givenUp(url: string, head: string): Promise<void> {
    const [method = ''] = head.split(' ');
    const scheme = new URL(url).protocol.slice(0, -1);
    const client = await rawConnection(url);
    client.send(head);
    await this.running(method, 1, scheme);
    await client.destroy();
    await this.running(method, 0, scheme);
  }
}

/** What is sent over a connection of its own, to be answered with such a text. */
export async function answered(url: string, answer: string | RegExp, ...heads: string[]): Promise<void> {
  const client: RawConnection = await rawConnection(url);
  client.send(...heads);
  await client.received(answer);
  await client.destroy();
}
