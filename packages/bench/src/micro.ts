import { fileURLToPath } from 'node:url';
import type { Measuring } from './measure.ts';
import type { RecordResult, ScrapeResult } from './results.ts';
import { runOnce } from './server.ts';
import { spread } from './statistics.ts';
import { bare, type Variant } from './variants.ts';

const program = (name: string) => fileURLToPath(new URL(`../micro/${name}.mjs`, import.meta.url));
/** A page of 100,000 label sets is a text of 300 MB, and the data behind it several times that. */
const alone: Variant = { ...bare, nodeOptions: ['--expose-gc', '--max-old-space-size=8192'] };

/** The pages are rendered by them, in this order. */
const PAGES = ['ours', 'prom-client', 'opentelemetry'];

type Context = Pick<Measuring, 'surroundings' | 'say'>;

/** What one observation costs: time in nanoseconds and heap in bytes. */
export async function measureRecord(times: number, { surroundings, say }: Context): Promise<RecordResult[]> {
  say('record');
  type Said = { name: string; nanoseconds: number[]; allocatedBytes: number };
  const said = await runOnce<Said[]>(program('record'), alone, { BENCH_TIMES: String(times) }, surroundings);
  return said.map((result) => ({ ...result, nanoseconds: spread(result.nanoseconds) }));
}

/** @param sizes label sets of a page, and how often it is asked for */
export async function measureScrapes(
  sizes: ReadonlyArray<readonly [labelSets: number, times: number]>,
  { surroundings, say }: Context,
): Promise<ScrapeResult[]> {
  const results: ScrapeResult[] = [];
  for (const [labelSets, times] of sizes) {
    for (const name of PAGES) {
      say(`scrape of ${labelSets} label sets: ${name}`);
      const env = { BENCH_PAGE: name, BENCH_LABEL_SETS: String(labelSets), BENCH_TIMES: String(times) };
      type Said = { milliseconds: number[]; blocks: number[]; megabytes: number };
      results.push(
        await runOnce<Said>(program('scrape'), alone, env, surroundings).then(
          ({ milliseconds, blocks, megabytes }) => ({
            ...{ name, labelSets, megabytes },
            milliseconds: spread(milliseconds),
            longestBlockMilliseconds: spread(blocks),
          }),
          (error: Error) => ({ name, labelSets, reason: error.message }),
        ),
      );
    }
  }
  return results;
}
