import { duration, table } from '../table.ts';

interface Answers {
  /** By status, or by the reason why there was no answer. */
  outcomes: Map<string, number>;
  unexpected: number;
  /** Seconds. */
  latencies: number[];
}

/** Counts what was sent and what came back. */
export class Tally {
  readonly #actions = new Map<string, Answers>();
  #requests = 0;
  #unexpected = 0;
  /** Requests that were due while every user was still waiting for an answer. */
  missed = 0;

  get requests(): number {
    return this.#requests;
  }

  get unexpected(): number {
    return this.#unexpected;
  }

  /** @param outcome a status such as `201`, or why there was no answer */
  record(action: string, outcome: string, expected: boolean, seconds: number): void {
    const answers: Answers = this.#actions.get(action) ?? { outcomes: new Map(), unexpected: 0, latencies: [] };
    this.#actions.set(action, answers);
    answers.outcomes.set(outcome, (answers.outcomes.get(outcome) ?? 0) + 1);
    answers.latencies.push(seconds);
    this.#requests++;
    if (expected) return;
    answers.unexpected++;
    this.#unexpected++;
  }

  /** One row an action, and the sum. */
  summary(): string {
    const rows = [...this.#actions]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([action, { outcomes, unexpected, latencies }]) => row(action, outcomes, latencies, unexpected));
    const all = [...this.#actions.values()].flatMap(({ latencies }) => latencies);
    const headings = ['action', 'requests', 'answers', 'p50', 'p95', 'max', 'unexpected'];
    const right = [false, true, false, true, true, true, true];
    return table(headings, [...rows, row('all', new Map(), all, this.#unexpected)], right);
  }
}

function row(name: string, outcomes: Map<string, number>, latencies: number[], unexpected: number): string[] {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => duration(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  const answers = [...outcomes].sort().map(([outcome, count]) => `${count} × ${outcome}`);
  return [
    name,
    String(latencies.length),
    answers.join(', '),
    at(0.5),
    at(0.95),
    at(1),
    unexpected ? String(unexpected) : '–',
  ];
}
