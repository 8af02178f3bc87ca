import type { Source as SourceOfPage } from './assets.ts';
import { cursor } from './cursor.ts';
import { el } from './dom.ts';
import { decimal } from './format.ts';
import { Header } from './header.ts';
import { requestsOf } from './history.ts';
import { Overview } from './overview.ts';
import { ActivityPanel } from './panels/activity-panel.ts';
import { CachePanel } from './panels/cache.ts';
import type { Panel } from './panels/panel.ts';
import { PoolsPanel } from './panels/pools.ts';
import { processPanels } from './panels/process.ts';
import { LatencyPanel, RequestsPanel } from './panels/requests.ts';
import { Tiles } from './panels/tiles.ts';
import { TracesPanel } from './panels/traces.ts';
import { Source } from './source.ts';

/** Milliseconds between two readings of a process, and of each of several. */
const ALONE = 1000;
const OF_MANY = 2000;

const listed = JSON.parse(
  document.querySelector<HTMLMetaElement>('meta[name=sources]')?.content || '[]',
) as SourceOfPage[];
const isOverview = listed.length > 0;
const sources = isOverview
  ? listed.map(({ name, metrics, page }) => new Source(metrics, OF_MANY, name, page))
  : [new Source('metrics', ALONE)];

/** In rows, and in these beside each other. */
const panels = {
  numbers: [new Tiles()],
  halves: [new RequestsPanel(), new LatencyPanel()],
  wide: [
    new ActivityPanel('Routes', 'routes', 'route', 'requests'),
    new ActivityPanel('Databases', 'database', 'operation', 'operations'),
    new ActivityPanel('Outgoing requests', 'outgoing', 'server', 'requests'),
    new ActivityPanel('Messages', 'messaging', 'operation', 'operations'),
    new ActivityPanel('Messages that are processed', 'processing', 'destination', 'messages'),
    new ActivityPanel('Age of messages when they come', 'ages', 'destination', 'messages'),
  ],
  narrow: [new TracesPanel(), new CachePanel(), new PoolsPanel()],
  thirds: processPanels(),
} satisfies Record<string, Panel[]>;

/** What waits for the page to be looked at again. */
const waiting: (() => void)[] = [];
const wake = () => {
  for (const resolve of waiting.splice(0)) resolve();
};

const header = new Header(() => {
  wake();
  show();
});
const overview = isOverview ? new Overview(sources) : undefined;
const main = el(
  'main',
  {},
  ...Object.entries(panels).map(([name, row]) => el('div', { class: name }, ...row.map(({ element }) => element))),
);
document.body.replaceChildren(...(overview ? [overview.element] : []), header.element, main);

/** The one that the address names. */
function chosen(): Source {
  return sources.find(({ name }) => location.hash === `#${encodeURIComponent(name)}`) ?? (sources[0] as Source);
}

function show(): void {
  const source = chosen();
  header.update(source);
  overview?.update(source);
  document.body.dataset.state = source.lost ? 'lost' : 'live';
  for (const panel of Object.values(panels).flat()) panel.update(source.history);
  const now = source.lost ? 'no answer' : `${decimal(requestsOf(source.history.recent).rate)}/s`;
  document.title = isOverview ? `${source.title} · ${now} · overview` : `${source.title || 'Live'} · ${now}`;
}

/** Resolves while the page is looked at and nobody has paused it. */
async function wanted(): Promise<void> {
  while (document.hidden || header.isPaused) await new Promise<void>((resolve) => waiting.push(resolve));
}

document.addEventListener('visibilitychange', wake);
addEventListener('hashchange', show);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
cursor.onMove = () => {
  for (const panel of [...panels.halves, ...panels.narrow, ...panels.thirds]) panel.update(chosen().history);
};
show();
for (const source of sources) {
  void source.follow(wanted, () => {
    if (source === chosen()) show();
    else overview?.update(chosen());
  });
}
