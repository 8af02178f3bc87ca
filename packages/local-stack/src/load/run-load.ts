import { setTimeout as delay } from 'node:timers/promises';
import { act } from './actions.ts';
import { LOAD_HELP, type LoadOptions, loadOptions } from './options.ts';
import { Tally } from './tally.ts';
import { User } from './user.ts';

/**
 * Sends requests at a steady rate, however long the answers take, until the time is over or `signal` aborts; then waits for
 * the last answers.
 */
export async function sendLoad(
  { url, rate, duration, users }: LoadOptions,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const people = Array.from({ length: users }, () => new User(url, tally));
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  for (let sent = 0; !signal.aborted && (duration === 0 || sent < rate * duration); sent++) {
    const early = (sent / rate - elapsed()) * 1000;
    if (early > 0) await delay(early, undefined, { signal }).catch(() => {});
    const user = idleUser(people);
    if (user === undefined) {
      tally.missed++;
      continue;
    }
    user.busy = true;
    const done = act(user).finally(() => {
      user.busy = false;
      pending.delete(done);
    });
    pending.add(done);
  }
  await Promise.all(pending);
}

function idleUser(people: User[]): User | undefined {
  const start = Math.floor(Math.random() * people.length);
  for (let step = 0; step < people.length; step++) {
    const user = people[(start + step) % people.length];
    if (user && !user.busy) return user;
  }
  return undefined;
}

/**
 * The command `npm run load`.
 *
 * @returns the exit status: 1 when an answer was not the expected one
 * @throws Error when an option is wrong
 */
export async function runLoad(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const options = loadOptions(args, environment);
  if (options === undefined) {
    console.log(LOAD_HELP);
    return 0;
  }
  const { url, rate, duration, users } = options;
  const answers = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  if (!answers?.ok) {
    console.error(`No gateway answers at ${url}: start the system with npm start, in another terminal.`);
    return 1;
  }
  const length = duration === 0 ? 'until Ctrl-C' : `for ${duration} s`;
  console.log(`${rate} requests a second from ${users} users to ${url}, ${length}`);

  const tally = new Tally();
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const endProgress = showProgress(tally);
  const began = performance.now();
  await sendLoad(options, tally, stop.signal);
  endProgress();
  const seconds = (performance.now() - began) / 1000;

  console.log(`\n${tally.summary()}\n`);
  console.log(
    `${tally.requests} requests in ${seconds.toFixed(1)} s, ${(tally.requests / seconds).toFixed(1)} a second`,
  );
  if (tally.missed > 0) {
    console.log(`${tally.missed} could not be sent because every user was still waiting: add --users ${users * 2}`);
  }
  if (tally.unexpected > 0) console.error(`${tally.unexpected} answers were not the expected ones`);
  return tally.unexpected > 0 ? 1 : 0;
}

/** On a terminal, one line that is kept up to date. */
function showProgress(tally: Tally): () => void {
  if (!process.stderr.isTTY) return () => {};
  const began = performance.now();
  const timer = setInterval(() => {
    const seconds = (performance.now() - began) / 1000;
    const rate = (tally.requests / seconds).toFixed(1);
    const unexpected = tally.unexpected > 0 ? `, ${tally.unexpected} unexpected` : '';
    process.stderr.write(
      `\r\x1b[2K${Math.floor(seconds)} s  ${tally.requests} requests, ${rate} a second${unexpected}`,
    );
  }, 200);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[2K');
  };
}
