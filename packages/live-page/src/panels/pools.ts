import { integer } from '../format.ts';
import type { History } from '../history.ts';
import { type Panel, section } from './panel.ts';
import { type Column, type Line, Table } from './table.ts';

const poolOf = (labels: ReadonlyMap<string, string>) => labels.get('db_client_connection_pool_name') ?? '';

/** How much of each pool of database connections is in use. */
export class PoolsPanel implements Panel {
  readonly element: HTMLElement;
  readonly #table = new Table('Pools of database connections', [
    { title: 'pool', kind: 'text' },
    { title: 'in use', hint: 'of the most that the pool may open' },
    { title: 'idle' },
    { title: 'waiting', hint: 'requests for a connection that wait for one' },
    { title: 'timeouts', hint: 'requests for a connection that waited in vain, since the process started' },
  ] satisfies Column[]);

  constructor() {
    this.element = section('Connection pools', 'now', this.#table.element);
  }

  update({ latest }: History): void {
    this.element.hidden = !latest?.has('db_client_connection_max');
    if (latest === undefined || this.element.hidden) return;
    const count = latest.values(
      'db_client_connection_count',
      (labels) => `${labels.get('db_client_connection_state')} ${poolOf(labels)}`,
    );
    const pending = latest.values('db_client_connection_pending_requests', poolOf);
    const timeouts = latest.increases('db_client_connection_timeouts', poolOf);
    const lines = Array.from(latest.values('db_client_connection_max', poolOf), ([name, most]): [string, Line] => {
      const used = count.get(`used ${name}`) ?? 0;
      const waiting = pending.get(name) ?? 0;
      const inVain = timeouts.get(name)?.total ?? 0;
      return [
        name,
        [
          { text: name },
          {
            text: `${integer(used)} of ${integer(most)}`,
            share: used / most,
            ...(used === most && { tone: 'failed' }),
          },
          { text: integer(count.get(`idle ${name}`) ?? 0) },
          { text: integer(waiting), ...(waiting > 0 && { tone: 'failed' }) },
          { text: integer(inVain), ...(inVain > 0 && { tone: 'failed' }) },
        ],
      ];
    });
    this.#table.update(new Map(lines));
  }
}
