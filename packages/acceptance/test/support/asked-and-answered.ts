import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What came of requests that were to be answered with what they asked. */
export interface Outcome {
  answered: number;
  /** With 503: the service could not, and said so. */
  refused: number;
  /** Answered with something else. */
  changed: number;
  lost: number;
}

/**
 * Sends `count` requests to a service that echoes them, each with a path and a body of its own.
 *
 * @param connections over how many connections at a time
 */
export async function askEcho(url: string, count: number, connections: number): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const outcome: Outcome = { answered: 0, refused: 0, changed: 0, lost: 0 };
  let next = 0;
  const askInTurn = async () => {
    while (next < count) {
      const id = next++;
      try {
        const { status, answer } = await ask(agent, `${url}/${id}`, `body ${id}`);
        if (status === 503) outcome.refused++;
        else if (answer === `POST /${id} body ${id}`) outcome.answered++;
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

function ask(agent: Agent, url: string, body: string): Promise<{ status: number | undefined; answer: string }> {
  return new Promise((resolve, reject) => {
    request(url, { agent, method: 'POST' }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode, answer }), reject);
    })
      .on('error', reject)
      .end(body);
  });
}
