import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Differences } from './differences.ts';
import { type Labels, type Point, type Side, startOurs, startUpstream } from './differential-sides.ts';
import { increase, type Values } from './metrics-page.ts';
import type { Program } from './program.ts';
import { until } from './until.ts';

interface Comparison<What extends string> {
  readonly program: string;
  /** Asked when the tests run. */
  readonly env?: () => Record<string, string>;
  /** Name of a histogram, or of a gauge, on the page. */
  readonly metric: string;
  /** What a series is called by: the values of these labels, `–` for one it has not, and any other label as `name=value`. */
  readonly labels: readonly string[];
  /** Differences that most series have: what they turn the upstream labels into, for the rest to be compared. */
  readonly throughout?: { readonly [K in What]?: (labels: Labels) => Labels };
}

type Traffic = (program: Program) => Promise<unknown>;

/** Defines one test each. Counts are what the traffic adds, by series; of a gauge, its change. */
interface Cases<What> {
  /** Both count the same. */
  same(name: string, traffic: Traffic, counts: Values): void;
  /** They differ, as the table says. */
  differs(what: What, traffic: Traffic, counts: { upstream: Values; ours: Values }): void;
}

/** Drives the same traffic through a program under the agent and under the upstream instrumentation. */
export function describeDifferential<What extends string>(
  name: string,
  differences: Differences<What>,
  { program, env = () => ({}), metric, labels: order, throughout }: Comparison<What>,
  define: (cases: Cases<What>) => void,
): void {
  describe(name, () => {
    let ours: Side;
    let upstream: Side;
    before(async () => {
      ours = await startOurs(program, env());
      upstream = await startUpstream(program, differences.instrumentations, env());
    });
    after(() => Promise.all([ours?.program.stop(), upstream?.program.stop()]));

    const counts = async (side: Side): Promise<Values> => {
      const values: Values = {};
      for (const { labels, count } of await pointsOf(side)) {
        const rest = Object.keys(labels).filter((label) => !order.includes(label));
        const key = [
          ...order.map((label) => labels[label] ?? '–'),
          ...rest.sort().map((label) => `${label}=${labels[label]}`),
        ].join(' ');
        values[key] = (values[key] ?? 0) + count;
      }
      return values;
    };
    const pointsOf = async (side: Side): Promise<Point[]> => {
      const points = (await side.read()).filter((point) => point.name === metric);
      return side === upstream ? points.map((point) => ({ ...point, labels: alike(point.labels) })) : points;
    };
    const alike = (of: Labels): Labels => {
      let labels = of;
      for (const [what, changed] of Object.entries(throughout ?? {}) as [What, (labels: Labels) => Labels][]) {
        const next = changed(labels);
        if (!isDeepStrictEqual(next, labels)) differences.seen(what);
        labels = next;
      }
      return labels;
    };
    const added = async (side: Side, traffic: Traffic, expected: Values): Promise<Values> => {
      const earlier = await counts(side);
      await traffic(side.program);
      let values: Values = {};
      // A request is counted a little after its client has the answer. What is not as expected is told by the caller.
      await until('the expected counts', async () => {
        values = increase(earlier, await counts(side));
        return isDeepStrictEqual(values, expected);
      }).catch(() => {});
      return values;
    };
    const compare = async (traffic: Traffic, expected: { upstream: Values; ours: Values }) => {
      const found = {
        upstream: await added(upstream, traffic, expected.upstream),
        ours: await added(ours, traffic, expected.ours),
      };
      assert.deepEqual(found, expected);
    };

    define({
      same(name, traffic, counts) {
        test(`the same: ${name}`, () => compare(traffic, { upstream: counts, ours: counts }));
      },
      differs(what, traffic, counts) {
        test(`different: ${what}`, async () => {
          assert.notDeepEqual(counts.upstream, counts.ours);
          await compare(traffic, counts);
          differences.seen(what);
        });
      },
    });

    test('the same: boundaries of the buckets', async () => {
      const [one] = await pointsOf(ours);
      const [other] = await pointsOf(upstream);
      assert.ok(one && other, `${metric} is on both sides`);
      assert.deepEqual(one.boundaries, other.boundaries);
    });
  });
}
