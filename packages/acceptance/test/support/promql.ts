import assert from 'node:assert/strict';

/** What a query of PromQL asks for: the name of a series, and the labels that it is chosen by. */
export interface Selector {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The selectors of a query. It knows as much of PromQL as the project's own rules and dashboards need. */
export function selectorsOf(query: string): Selector[] {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right) ?\([^)]*\)/g, '')
    .replace(/\[[^\]]*\]|\boffset \w+/g, '');
  const found = bare.matchAll(/(?<![\w$:.])([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?(?![\w:]|\s*\()/g);
  return Array.from(found, ([, name = '', matchers = '']) => ({
    name,
    labels: Array.from(matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g), ([, label = '']) => label),
  })).filter(({ name }) => !['and', 'or', 'unless', 'bool'].includes(name));
}

/** The names of labels that a query keeps: those in `by (…)`. */
export function groupedLabels(query: string): string[] {
  const clauses = query.matchAll(/\bby \(([^)]*)\)/g);
  return Array.from(clauses, ([, labels = '']) => labels.split(',').map((label) => label.trim())).flat();
}

/** What Prometheus itself adds. */
const OF_PROMETHEUS = ['up', 'ALERTS', 'scrape_duration_seconds', 'scrape_samples_scraped'];
const OF_SCRAPES = ['job', 'instance', 'namespace', 'le'];

/**
 * Asserts that a query asks for metrics of the README's table, by labels that they have there.
 *
 * @param documented the labels of each metric, and of each series of a histogram
 * @param recorded the names that rules make, whose labels are not known
 */
export function assertAsksForDocumented(
  query: string,
  documented: ReadonlyMap<string, readonly string[]>,
  recorded: ReadonlySet<string>,
): void {
  const selectors = selectorsOf(query);
  assert.ok(selectors.length > 0, `nothing is asked for: ${query}`);
  for (const { name, labels } of selectors) {
    if (recorded.has(name) || OF_PROMETHEUS.includes(name)) continue;
    const known = documented.get(name);
    assert.ok(known, `${name} is not in the README's table of metrics: ${query}`);
    for (const label of [...labels, ...groupedLabels(query)]) {
      assert.ok(known.includes(label) || OF_SCRAPES.includes(label), `${name} has no label ${label}: ${query}`);
    }
  }
}
