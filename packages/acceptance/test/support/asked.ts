import assert from 'node:assert/strict';
import { databaseCounts, increase, type MetricsPage, type Values } from './metrics-page.ts';

/** What one request makes a service ask, each operation as often as it is named; an error's type in brackets. */
export interface Asked {
  sql?: string;
  redis?: string;
  hits?: Values;
  misses?: Values;
}

/** Compares what a service counted between two pages with what it must have asked, to the unit. */
export function assertAsked(
  earlier: MetricsPage,
  later: MetricsPage,
  { sql = '', redis = '', hits = {}, misses = {} }: Asked,
) {
  const words = (text: string) => countOf(text.split(' ').filter(Boolean));
  const operations = (system: string): Values => {
    const added = Object.entries(increase(databaseCounts(earlier), databaseCounts(later)));
    return Object.fromEntries(
      added.flatMap(([key, value]) => {
        const [of, operation, error] = key.split(' ');
        return of === system ? [[error === '–' ? operation : `${operation}(${error})`, value]] : [];
      }),
    );
  };
  const byCache = (name: string) => increase(earlier.values(name, 'cache_name'), later.values(name, 'cache_name'));
  assert.deepEqual(
    {
      sql: operations('postgresql'),
      redis: operations('redis'),
      hits: byCache('cache_hits_total'),
      misses: byCache('cache_misses_total'),
    },
    { sql: words(sql), redis: words(redis), hits, misses },
  );
}

/** How often each word occurs, in capitals. */
export function countOf(words: readonly string[]): Values {
  const counts: Values = {};
  for (const word of words) counts[word.toUpperCase()] = (counts[word.toUpperCase()] ?? 0) + 1;
  return counts;
}
