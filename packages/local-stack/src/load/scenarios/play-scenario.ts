import type { RunningSystem } from '../../running-system.ts';
import { type Load, sendLoad } from '../send-load.ts';
import type { Tally } from '../tally.ts';
import { figuresOf, readPages } from './figures.ts';
import { pause, type Scenario } from './scenario.ts';

interface Stage {
  tally: Tally;
  /** Ends it early. */
  stop: AbortSignal;
  say(text: string): void;
}

/**
 * Sends the usual traffic, makes the scenario's trouble in the middle half of the time, and says what happens when it happens,
 * and at the end what the metrics tell of it. What was changed is undone when this settles, also where `stop` aborts.
 *
 * @throws Error of the scenario that could not be played
 */
export async function playScenario(
  { make, story }: Scenario,
  system: RunningSystem,
  load: Load,
  { tally, stop, say }: Stage,
): Promise<void> {
  const traffic = new AbortController();
  const trouble = new AbortController();
  const endBoth = () => {
    traffic.abort();
    trouble.abort();
  };
  if (stop.aborted) endBoth();
  stop.addEventListener('abort', endBoth);
  const began = performance.now();
  const readings: Array<{ title: string; pages: Awaited<ReturnType<typeof readPages>> }> = [];
  const tell = async (title: keyof Scenario['story']) => {
    const [what, ...seen] = story[title];
    say([`${clock((performance.now() - began) / 1000)}  ${what}`, ...seen.map((line) => `       ${line}`)].join('\n'));
    readings.push({ title, pages: await readPages(system) });
  };
  const sent = sendLoad(load, tally, traffic.signal);
  const quarterMs = load.duration * 250;
  try {
    await tell('before');
    await pause(quarterMs, trouble.signal);
    if (stop.aborted) return;
    await tell('during');
    const timer = setTimeout(() => trouble.abort(), 2 * quarterMs);
    await make(system, trouble.signal, (2 * quarterMs) / 1000 + 5).finally(() => clearTimeout(timer));
    await tell('after');
  } catch (error) {
    traffic.abort();
    throw error;
  } finally {
    await sent;
  }
  const last = await readPages(system);
  const parts = readings.map(({ title, pages }, index) => ({
    title,
    from: pages,
    to: readings[index + 1]?.pages ?? last,
  }));
  say(`\n${figuresOf(parts)}`);
}

/** Such as `01:30`. */
function clock(seconds: number): string {
  const twoDigits = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${twoDigits(seconds / 60)}:${twoDigits(seconds % 60)}`;
}
