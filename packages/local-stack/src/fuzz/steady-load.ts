import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SteadyLoadResult {
  readonly sent: number;
  /** Milliseconds from when each was due to its answer, in no order. */
  readonly latencies: readonly number[];
  /** Why the first ones of those that were answered wrongly, or not at all, were. */
  readonly wrong: readonly string[];
}

/**
 * Asks a service for `/1`, `/2`, …, whatever becomes of the ones before, until it is stopped; each is to be answered with its
 * path.
 *
 * @param url of the service, without a slash at the end
 * @returns what stops it and waits for the answers that are to come
 */
export function steadyLoad(url: string, perSecond: number): () => Promise<SteadyLoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const start = performance.now();
  const latencies: number[] = [];
  const wrong: string[] = [];
  const answers: Promise<void>[] = [];
  const ask = async (number: number, due: number) => {
    const answer = await answerTo(`${url}/${number}`, agent).catch(String);
    if (answer === `200 /${number}`) latencies.push(performance.now() - due);
    else wrong.push(`/${number}: ${answer}`);
  };
  const timer = setInterval(() => {
    for (;;) {
      const number = answers.length + 1;
      const due = start + (number * 1000) / perSecond;
      if (due > performance.now()) return;
      answers.push(ask(number, due));
    }
  }, 1);
  return async () => {
    clearInterval(timer);
    await Promise.all(answers);
    agent.destroy();
    return { sent: answers.length, latencies, wrong: wrong.slice(0, 10) };
  };
}

function answerTo(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      text(response).then((body) => resolve(`${response.statusCode} ${body}`), reject);
    }).on('error', reject);
  });
}
