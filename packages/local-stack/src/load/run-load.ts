import type { RunningSystem } from '../running-system.ts';
import { LOAD_HELP, type LoadOptions, loadOptions } from './options.ts';
import { playScenario } from './scenarios/play-scenario.ts';
import { type Load, sendLoad } from './send-load.ts';
import { Tally } from './tally.ts';

/**
 * The command `npm run load`.
 *
 * @param system what `npm start` runs now, if anything: it is what scenarios are for
 * @returns the exit status: 1 when an option is wrong, an answer was not the expected one, or a scenario could not be played
 */
export async function runLoad(
  args: string[],
  environment: NodeJS.ProcessEnv,
  system?: RunningSystem | undefined,
): Promise<number> {
  let options: LoadOptions | undefined;
  try {
    options = loadOptions(args, environment);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
  if (options === undefined) {
    console.log(LOAD_HELP);
    return 0;
  }
  const { scenario } = options;
  const load = scenario && system ? { ...options, url: system.services['api-gateway'].url } : options;
  const reason = notOurs(options, system) ?? (await noGateway(load));
  if (reason !== undefined) {
    console.error(reason);
    return 1;
  }
  const { url, rate, duration, users } = load;
  const length = duration === 0 ? 'until Ctrl-C' : `for ${duration} s`;
  console.log(`${rate} requests a second from ${users} users to ${url}, ${length}`);

  const tally = new Tally();
  const stop = new AbortController();
  // A Ctrl-C comes twice here: from the terminal, and from npm, which passes it on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
  const progress = showProgress(tally);
  const began = performance.now();
  const problem =
    scenario && system
      ? await playScenario(scenario, system, load, { tally, stop: stop.signal, say: progress.say }).catch(
          ({ message }: Error) => `${scenario.name} could not be played: ${message}`,
        )
      : await sendLoad(load, tally, stop.signal);
  progress.end();
  report(tally, (performance.now() - began) / 1000, load);
  if (problem !== undefined) console.error(problem);
  const failed = scenario ? problem !== undefined : tally.unexpected > 0;
  return failed ? 1 : 0;
}

async function noGateway({ url }: Load): Promise<string | undefined> {
  const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return answer?.ok ? undefined : `No gateway answers at ${url}: start the system with npm start, in another terminal.`;
}

/** Trouble is made for nothing but what `npm start` has started on this machine. */
function notOurs({ scenario }: LoadOptions, system: RunningSystem | undefined): string | undefined {
  if (scenario === undefined) return undefined;
  const forWhat = `${scenario.name} is for the system that npm start runs on this machine`;
  if (system === undefined) return `${forWhat}, and it does not run: start it, in another terminal.`;
  const { needs } = scenario;
  if (needs === undefined || system[needs.part] !== undefined) return undefined;
  return `${forWhat} with a ${needs.title} of its own: start it without ${needs.variable}.`;
}

function report(tally: Tally, seconds: number, { users }: Load): void {
  console.log(`\n${tally.summary()}\n`);
  console.log(
    `${tally.requests} requests in ${seconds.toFixed(1)} s, ${(tally.requests / seconds).toFixed(1)} a second`,
  );
  if (tally.missed > 0) {
    console.log(`${tally.missed} could not be sent because every user was still waiting: add --users ${users * 2}`);
  }
  if (tally.unexpected > 0) console.error(`${tally.unexpected} answers were not the expected ones`);
}

/** On a terminal, one line that is kept up to date, below what is said. */
function showProgress(tally: Tally): { say(text: string): void; end(): void } {
  if (!process.stderr.isTTY) return { say: (text) => console.log(text), end: () => {} };
  const began = performance.now();
  const clear = () => process.stderr.write('\r\x1b[2K');
  const show = () => {
    const seconds = (performance.now() - began) / 1000;
    const rate = (tally.requests / seconds).toFixed(1);
    const unexpected = tally.unexpected > 0 ? `, ${tally.unexpected} unexpected` : '';
    clear();
    process.stderr.write(`${Math.floor(seconds)} s  ${tally.requests} requests, ${rate} a second${unexpected}`);
  };
  const timer = setInterval(show, 200);
  return {
    say(text) {
      clear();
      console.log(text);
    },
    end() {
      clearInterval(timer);
      clear();
    },
  };
}
