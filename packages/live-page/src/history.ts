import { addBuckets, type Buckets, NO_BUCKETS } from './buckets.ts';
import {
  type Activity,
  type ActivityKind,
  type Frame,
  frameOf,
  type Lines,
  linesOf,
  NO_ACTIVITY,
  type Trace,
} from './frame.ts';
import { add, type Reading } from './reading.ts';

/** Seconds that charts show: the first of these that hold what there is. */
const SPANS = [60, 120, 180, 300] as const;
const LONGEST = 300;

const MOST_TRACES = 10;

/** Seconds over which rates and quantiles are taken. */
export const RECENT = 30;

/** The last minutes of a process. */
export class History {
  readonly frames: Frame[] = [];
  latest: Reading | undefined;
  /** All lines of its tables. */
  lines: Lines | undefined;

  /** @param longest see {@link frameOf} */
  add(reading: Reading, longest: number): void {
    this.latest = reading;
    this.lines = linesOf(reading);
    // The first one has nothing to be compared with.
    if (reading.seconds === 0) return;
    this.frames.push(frameOf(reading, this.lines, longest));
    while (this.frames[0] && this.frames[0].time < reading.time - LONGEST * 1000) this.frames.shift();
  }

  /** The end of what charts show, in milliseconds since the Unix epoch. */
  get end(): number {
    return this.latest?.time ?? 0;
  }

  /** How many seconds charts show. */
  get span(): number {
    const first = this.frames[0];
    const seconds = first ? (this.end - first.time) / 1000 + first.seconds : 0;
    return SPANS.find((span) => span >= seconds) ?? LONGEST;
  }

  /** Frames of the last seconds. */
  get recent(): Frame[] {
    return this.frames.filter(({ time }) => time > this.end - RECENT * 1000);
  }

  /** The frame that was shown at a time; the last one unless a time is given. */
  at(time: number | undefined): Frame | undefined {
    return time === undefined
      ? this.frames.at(-1)
      : this.frames.findLast((frame) => frame.time - frame.seconds * 1000 <= time);
  }

  /** The slowest requests that a trace is known of, the slowest first. */
  get slowest(): Trace[] {
    return this.frames
      .flatMap(({ traces }) => traces)
      .sort((a, b) => b.value - a.value)
      .slice(0, MOST_TRACES);
  }

  /** What came to each line of a table in the last seconds. */
  recentActivities(kind: ActivityKind): Map<string, Activity> {
    const sums = new Map<string, Activity>();
    for (const { activities } of this.recent) {
      for (const [key, activity] of activities[kind]) {
        const sum = sums.get(key) ?? NO_ACTIVITY;
        sums.set(key, { ...add(sum, activity), errors: sum.errors + activity.errors });
      }
    }
    return sums;
  }
}

/** How many a second. */
export function rate(count: number, frames: readonly Frame[]): number {
  const seconds = frames.reduce((sum, frame) => sum + frame.seconds, 0);
  return seconds === 0 ? 0 : count / seconds;
}

/** Of some frames: how many requests a second, which share of them failed, and how long they took. */
export function requestsOf(frames: readonly Frame[]): {
  readonly rate: number;
  readonly errorShare: number | undefined;
  readonly buckets: Buckets;
} {
  const count = frames.reduce((sum, { requests }) => sum + requests.count, 0);
  const errors = frames.reduce((sum, frame) => sum + frame.errors, 0);
  return {
    rate: rate(count, frames),
    errorShare: count === 0 ? undefined : errors / count,
    buckets: frames.map(({ requests }) => requests.buckets).reduce(addBuckets, NO_BUCKETS),
  };
}
