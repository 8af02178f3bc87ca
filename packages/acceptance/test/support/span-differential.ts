import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { repositoryRoot } from '@payments/local-stack';
import type { Differences } from './differences.ts';
import type { ReceivedSpan } from './otlp-messages.ts';
import type { Program } from './program.ts';
import { startTraced, type TracedProgram } from './traced-program.ts';
import { until } from './until.ts';

interface Comparison<What extends string> {
  readonly program: string;
  readonly args?: string[];
  /** Asked when the tests run. */
  readonly env?: () => Record<string, string>;
  /** Which spans are compared. */
  readonly only: (span: ReceivedSpan) => boolean;
  /** Differences that most spans have: what they turn upstream's lines into, for the rest to be compared. */
  readonly throughout?: { readonly [K in What]?: (lines: string[], span: ReceivedSpan) => string[] };
}

type Traffic = (program: Program) => Promise<unknown>;

/** What one side tells of a traffic's spans and the other does not: `name=GET`, `kind=3`, `error.type=404`. */
interface Lines {
  readonly upstream: readonly string[];
  readonly ours: readonly string[];
}

/** Defines one test each. */
interface Cases<What> {
  /** Both make the same spans; `spans` is how many ours are, 1 unless given. */
  same(name: string, traffic: Traffic, spans?: number): void;
  /** They differ, as the table says. */
  differs(what: What, name: string, traffic: Traffic, lines: Lines, spans?: number): void;
}

/** Drives the same traffic through a program under the agent and under the upstream instrumentations, and compares its spans. */
export function describeSpanDifferential<What extends string>(
  name: string,
  differences: Differences<What>,
  { program, args, env = () => ({}), only, throughout }: Comparison<What>,
  define: (cases: Cases<What>) => void,
): void {
  describe(name, () => {
    let ours: TracedProgram;
    let upstream: TracedProgram;
    before(async () => {
      const preload = join(repositoryRoot, 'packages/acceptance/programs/differential-upstream.cjs');
      const options = { env: env(), ...(args && { args }) };
      ours = await startTraced(program, options);
      upstream = await startTraced(program, {
        ...options,
        env: { ...options.env, UPSTREAM: differences.instrumentations.join() },
        nodeArguments: ['-r', preload],
      });
    });
    after(() => Promise.all([ours?.stop(), upstream?.stop()]));

    const alike = (span: ReceivedSpan, lines: string[]) => {
      for (const [what, changed] of Object.entries(throughout ?? {}) as [
        What,
        NonNullable<typeof throughout>[What],
      ][]) {
        const next = changed?.(lines, span) ?? lines;
        if (!isDeepStrictEqual(next, lines)) differences.seen(what);
        lines = next;
      }
      return lines;
    };
    const linesOf = (side: TracedProgram, spans: readonly ReceivedSpan[]) =>
      inOrder(spans).map((span) => {
        const lines = describeSpan(span, side.program, spans);
        return side === upstream ? alike(span, lines) : lines;
      });

    const compare = async (traffic: Traffic, lines: Lines, spans: number) => {
      const expected = { upstream: [...lines.upstream].sort(), ours: [...lines.ours].sort(), spans };
      const seen = [ours.collector.spans.length, upstream.collector.spans.length] as const;
      await Promise.all([traffic(ours.program), traffic(upstream.program)]);
      const look = () => {
        const [our, their] = [ours.collector.spans.slice(seen[0]), upstream.collector.spans.slice(seen[1])];
        const [mine, others] = [linesOf(ours, our.filter(only)), linesOf(upstream, their.filter(only))];
        return { ...onlyIn(mine, others), spans: mine.length };
      };
      // What is not as expected is told below.
      await until('the expected spans', () => isDeepStrictEqual(look(), expected)).catch(() => {});
      assert.deepEqual(look(), expected);
    };

    define({
      same(name, traffic, spans = 1) {
        test(`the same: ${name}`, () => compare(traffic, { upstream: [], ours: [] }, spans));
      },
      differs(what, name, traffic, lines, spans = 1) {
        test(`different: ${what} (${name})`, async () => {
          await compare(traffic, lines, spans);
          differences.seen(what);
        });
      },
    });
  });
}

/** By what was asked for, which names may not tell alike. */
function inOrder(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const key = ({ kind, name, attributes }: ReceivedSpan) =>
    `${kind} ${attributes['url.full'] ?? attributes['url.path'] ?? attributes['db.query.text'] ?? name}`;
  return [...spans].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** A span as lines, without what is another in each run: times, ids, ports of connections, the port of the program itself. */
function describeSpan(span: ReceivedSpan, { urls }: Program, all: readonly ReceivedSpan[]): string[] {
  const own = urls.map((url) => new URL(url).port);
  const parent = all.find(({ spanId }) => spanId === span.parentSpanId);
  const attributes = Object.entries(span.attributes).filter(
    ([key]) => !(key === 'network.peer.port' && span.kind === 2),
  );
  return [
    `name=${span.name}`,
    `kind=${span.kind}`,
    `status=${span.status.code}${span.status.message && ` ${span.status.message}`}`,
    ...(parent ? [`parent=${parent.name}`] : []),
    ...attributes.map(([key, value]) => `${key}=${value}`),
    ...span.events.map((event) => `event=${event.name} ${Object.keys(event.attributes).sort()}`),
  ].map((line) => own.reduce((text, port) => text.replaceAll(port, 'PORT'), line));
}

/** The lines that one side has more of, span by span. */
function onlyIn(ours: readonly string[][], upstream: readonly string[][]): Lines {
  const without = (lines: readonly string[] = [], others: readonly string[] = []) =>
    lines.filter((line) => !others.includes(line));
  return {
    upstream: upstream.flatMap((lines, index) => without(lines, ours[index])).sort(),
    ours: ours.flatMap((lines, index) => without(lines, upstream[index])).sort(),
  };
}
