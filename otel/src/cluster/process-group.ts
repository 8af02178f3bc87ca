import type { Server } from 'node:net';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { inSlices } from '@otel-register/listener';
import { addToTotal, isSilent } from './add-to-total.ts';
import { Allowance } from './allowance.ts';
import { beforeBlocking } from './before-blocking.ts';
import { counted, type Members } from './group-metrics.ts';
import { isRunning } from './meeting-place.ts';
import { isThread, ownName, pidOf } from './member.ts';
import { Merge, outlivesItsProcess } from './merge.ts';
import { OwnSnapshot, type SnapshotOptions } from './own-snapshot.ts';
import { type Answer, askToRenew, renewWhenAsked } from './renewal-requests.ts';
import { KnownSeries } from './series-key.ts';
import { decode } from './snapshot.ts';
import { isMissing, SnapshotFolder } from './snapshot-folder.ts';

/** Milliseconds between two snapshots that nobody asked for: what a process counted since the last is lost when it is killed. */
const PACE = 1000;

/** No more than one part in so many of the time goes into them. */
const SHARE = 100;

/** The part of the time that a thread may take for snapshots before it rests, and the milliseconds that it may take at once. */
const REST_SHARE = 1 / 20;
const REST_BURST = 100;

/** So many that have ended are taken into the total without being asked for. */
const MANY = 10;

export interface ProcessGroupOptions extends SnapshotOptions {
  /** The folder in which the processes meet; made if need be. */
  readonly folder: () => string;
  /** What is on the page beside the metrics of the processes. */
  readonly describe: (members: Members) => ScopeMetrics;
  /** Most series of a metric that are kept of processes that are gone. */
  readonly limit: number;
  /** Told of each process that did not answer in time. */
  readonly onLate: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * This process, or worker thread, among those of its cluster. Each keeps a snapshot of its metrics in a folder, and each can make the page of
 * all: it asks the others to renew their snapshots, waits for them a second at most, and adds up what lies there then. Nobody
 * is in the middle who could hang or be killed. What was on a page once stays counted, for a process answers after its
 * snapshot is written.
 */
export class ProcessGroup {
  readonly #options: ProcessGroupOptions;
  readonly #self = ownName();
  readonly #known = new KnownSeries();
  readonly #snapshot: OwnSnapshot;
  #folder: SnapshotFolder;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasJoined = false;

  constructor(options: ProcessGroupOptions) {
    this.#options = options;
    this.#folder = new SnapshotFolder(options.folder());
    this.#snapshot = new OwnSnapshot(options, (pieces, isLast) => this.#write(pieces, isLast));
  }

  /** Makes this process one that the others ask. Nothing of it keeps the process alive. */
  join(): void {
    if (this.#server) return;
    // Somebody may have tidied up since it was one.
    if (this.#hasJoined) this.#folder = new SnapshotFolder(this.#options.folder());
    else this.#joinFirst();
    this.#listen();
    this.#renewLater();
  }

  /** Makes it one whom nobody asks, until it joins again. What it has counted stays among what the others show. */
  rest(): void {
    if (!this.#server) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#server.close();
    this.#server = undefined;
    this.#snapshot.writeNow(false);
    this.#folder.leave(this.#self);
  }

  #joinFirst(): void {
    this.#hasJoined = true;
    process.on('exit', () => this.#leave());
    if (isThread(this.#self)) this.#bringBeforeRests();
  }

  /** The metrics of all processes of the cluster; of those that are gone what they have counted. */
  async collect(): Promise<ResourceMetrics> {
    const renewed = this.#snapshot.renewed();
    const others = this.#folder.list().members.filter((member) => member !== this.#self);
    const ask = async (member: string) => [member, await this.#answerOf(member)] as const;
    const answers = await Promise.all(others.map(ask));
    const { resource, snapshot } = await renewed;
    const whoAnswered = (answer: string) => answers.filter(([, one]) => one === answer).map(([member]) => member);
    const [gone, late] = [whoAnswered('gone'), whoAnswered('late')];
    for (const _ of late) this.#options.onLate();

    const scopeMetrics = await this.#merged(snapshot, gone);
    scopeMetrics.push(this.#options.describe(counted([...whoAnswered('renewed'), this.#self], late)));
    void addToTotal(this.#folder, this.#self, gone, this.#options.limit).catch(this.#options.onError);
    return { resource, scopeMetrics };
  }

  async #merged(own: Buffer, gone: readonly string[]): Promise<ScopeMetrics[]> {
    for (let attempt = 1; ; attempt++) {
      const { members, total } = this.#folder.list();
      const merge = new Merge();
      try {
        await this.#add(merge, total.bytes, () => true);
        for (const member of new Set([...members, this.#self])) {
          const bytes = member === this.#self ? own : this.#folder.read(member);
          await this.#add(merge, bytes, gone.includes(member) ? outlivesItsProcess : () => true);
        }
        this.#known.forgetTheRest();
        return merge.result();
      } catch (error) {
        // A process of the list is in a newer total by now.
        if (!isMissing(error) || attempt === 5) throw error;
      }
    }
  }

  /** A snapshot that cannot be understood costs what it says. */
  async #add(merge: Merge, bytes: Buffer, isWanted: (metric: MetricData) => boolean): Promise<void> {
    try {
      for await (const { scope, metric } of inSlices(decode(bytes, this.#known))) {
        if (isWanted(metric)) merge.add(scope, metric);
      }
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #answerOf(member: string): Answer | Promise<Answer> {
    if (this.#folder.isResting(member) && isRunning(pidOf(member))) return 'renewed';
    // Of hundreds that are gone each would be a connection.
    if (!this.#folder.has(member)) return 'gone';
    return askToRenew(this.#folder.socketOf(member));
  }

  async #renewUnasked(): Promise<void> {
    await this.#snapshot.renewUnasked();
    if (this.#server && !this.#folder.has(this.#self)) this.#comeBack();
    await this.#tidyUp();
  }

  /** Also where nobody asks for a page: threads come and go as long as the process is there, and so would what they leave. */
  async #tidyUp(): Promise<void> {
    if (isThread(this.#self)) return;
    const silent = this.#folder.list().members.filter((member) => isSilent(this.#folder, member));
    if (silent.length < MANY) return;
    const isGone = await Promise.all(silent.map(async (member) => (await this.#answerOf(member)) === 'gone'));
    const gone = silent.filter((_, at) => isGone[at]);
    await addToTotal(this.#folder, this.#self, gone, this.#options.limit);
  }

  /** A snapshot that cannot be written costs what the others show of this process. */
  #write(pieces: Iterable<Buffer>, isLast: boolean): void {
    try {
      this.#folder.write(this.#self, pieces, isLast);
    } catch (error) {
      if (!isMissing(error)) this.#options.onError(error);
    }
  }

  /** A thread of a pool rests after each task, many times a second where tasks are short. */
  #bringBeforeRests(): void {
    const allowance = new Allowance(REST_SHARE, REST_BURST);
    beforeBlocking(() => allowance.take(() => this.#snapshot.writeNow(true)));
  }

  /** Somebody has tidied up, or the last one who left took the folder along while this one came. */
  #comeBack(): void {
    try {
      this.#server?.close();
      this.#folder = new SnapshotFolder(this.#options.folder());
      this.#listen();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #listen(): void {
    this.#folder.enter(this.#self);
    this.#server = renewWhenAsked({
      path: this.#folder.socketOf(this.#self),
      renew: () => this.#snapshot.renewed(),
      // Only now do the others know of it: one who does not listen would be taken for gone.
      onListening: () => this.#snapshot.writeAgain(),
      onError: this.#options.onError,
    });
  }

  #renewLater(): void {
    const again = () => {
      if (this.#timer === timer) this.#renewLater();
    };
    const pause = Math.max(PACE, this.#snapshot.cost * SHARE);
    const timer = setTimeout(() => this.#renewUnasked().then(again, again), pause).unref();
    this.#timer = timer;
  }

  #leave(): void {
    this.#snapshot.writeNow(false);
    try {
      this.#folder.leave(this.#self);
      if (!isThread(this.#self)) this.#folder.end();
    } catch (error) {
      if (!isMissing(error)) this.#options.onError(error);
    }
  }
}
