import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What came of requests that were to be answered with what they asked: all three are to be told apart, and two are to be 0. */
export interface Outcome {
  answered: number;
  /** Answered with something else. */
  changed: number;
  lost: number;
}

/**
 * Sends `count` requests to a service of programs/echo.cjs, each with a path and a body of its own.
 *
 * @param connections over how many connections at a time
 */
export async function askEcho(url: string, count: number, connections: number): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const outcome: Outcome = { answered: 0, changed: 0, lost: 0 };
  let next = 0;
  const askInTurn = async () => {
    while (next < count) {
      const id = next++;
      try {
        const answer = await ask(agent, `${url}/${id}`, `body ${id}`);
        if (answer === `POST /${id} body ${id}`) outcome.answered++;
        else outcome.changed++;
      } catch {
        outcome.lost++;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, askInTurn));
  agent.destroy();
  return outcome;
}

function ask(agent: Agent, url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent, method: 'POST' }, (response) => resolve(text(response)))
      .on('error', reject)
      .end(body);
  });
}
