import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { repositoryRoot } from '@payments/local-stack';
import { type Program, startProgram } from './program.ts';
import { untilSaid } from './until.ts';

export type Labels = Readonly<Record<string, string>>;

/** One series of a histogram or a gauge, under its name and labels on the page. */
export interface Point {
  readonly name: string;
  readonly labels: Labels;
  /** Of a gauge: its value. */
  readonly count: number;
  /** Upper bounds of the buckets of a histogram. */
  readonly boundaries: readonly number[];
}

/** A program and the metrics that are made of what it does. */
export interface Side {
  readonly program: Program;
  read(): Promise<Point[]>;
}

type Environment = Record<string, string>;

/** Starts a program under the agent. */
export async function startOurs(name: string, env: Environment): Promise<Side> {
  return oursOf(await startProgram(name, { env }));
}

/** Starts it under the upstream instrumentations of these names instead. */
export async function startUpstream(
  name: string,
  instrumentations: readonly string[],
  env: Environment,
): Promise<Side> {
  const preload = join(repositoryRoot, 'packages/acceptance/programs/differential-upstream.cjs');
  const nodeArguments = ['-r', preload];
  return upstreamOf(await startProgram(name, { nodeArguments, env: { ...env, UPSTREAM: instrumentations.join() } }));
}

function oursOf(program: Program): Side {
  return {
    program,
    async read() {
      const { families } = await program.scrapeNow();
      return [...families.values()].flatMap(({ name, type, samples }) =>
        samples
          .filter((sample) => sample.name === (type === 'histogram' ? `${name}_count` : name))
          .map(({ labels, value }) => ({
            name,
            labels,
            count: value,
            boundaries: samples
              .filter((bucket) => bucket.name === `${name}_bucket` && isOfSeries(bucket.labels, labels))
              .map((bucket) => Number(bucket.labels.le))
              .filter(Number.isFinite),
          })),
      );
    },
  };
}

function isOfSeries({ le, ...labels }: Labels, of: Labels): boolean {
  return isDeepStrictEqual({ ...labels }, { ...of });
}

/** Where programs/differential-upstream.cjs tells what was measured. */
const POINTS = /^upstream: points at 127\.0\.0\.1:(\d+)$/m;

function upstreamOf(program: Program): Side {
  return {
    program,
    async read() {
      await untilSaid(program, POINTS);
      const port = POINTS.exec(program.stderr())?.[1];
      const points: UpstreamPoint[] = JSON.parse(await text(connect(Number(port), '127.0.0.1')));
      return points.map(({ name, unit, attributes, count, boundaries }) => ({
        name: onPage(name) + (unit === 's' ? '_seconds' : ''),
        labels: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [onPage(key), String(value)])),
        count,
        boundaries,
      }));
    },
  };
}

/** What programs/differential-upstream.cjs tells of a series. */
interface UpstreamPoint {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly count: number;
  readonly boundaries: readonly number[];
}

const onPage = (name: string) => name.replaceAll('.', '_');
