import type { Histogram, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { classicHistogram } from './classic-histogram.ts';
import type { Dialect } from './dialect.ts';
import { isLegalMetricName } from './escaping.ts';
import { exemplarText, latest, latestOfBuckets } from './exemplars.ts';
import { type Family, FamilyGrouping, isTargetWanted, type Warn } from './families.ts';
import { labelPairs, labelText, type Naming, quoted } from './labels.ts';
import type { FamilyType } from './names.ts';
import { type Allocate, PageWriter } from './page-writer.ts';
import { isCumulative, mayBeCounter, NOTHING_YET, POINTS_AT_ONCE, type Point } from './points.ts';
import type { Summary } from './summary.ts';
import { UniqueSeries } from './unique-series.ts';

/** The name of samples as it stands before the value, and before labels. */
interface Name {
  readonly bare: Uint8Array;
  readonly open: Uint8Array;
}

/** The ends of lines of buckets or quantiles, from that label to the value, behind other labels and where there are none. */
interface LabelledEnds {
  readonly first: readonly Uint8Array[];
  readonly further: readonly Uint8Array[];
}

/** A family with the names of its samples. */
interface Lines extends Family {
  readonly number: Name;
  readonly bucket: Name;
  readonly sum: Name;
  readonly count: Name;
  readonly created: Name;
}

const CLOSE = Buffer.from('} ');
const BLANK = Buffer.from(' ');

/** What counts from a beginning on. */
const HAS_CREATED: ReadonlySet<FamilyType> = new Set(['counter', 'histogram', 'summary']);

const NO_FAMILY: Family = { name: '', sampleName: '', type: 'gauge', help: '', unit: '', members: [] };

/**
 * Writes OpenTelemetry metric data in one of the text formats, following the OpenTelemetry specification "Prometheus and
 * OpenMetrics Compatibility": unit and type suffixes, one family a name, the resource first.
 *
 * A page comes as chunks of some ten kilobytes, each made when it is asked for. A point is read when it is its turn, and once:
 * its buckets, sum and count are of one moment.
 */
export class PageRenderer {
  readonly #dialect: Dialect;
  readonly #showCreated: boolean;
  readonly #naming: Naming;
  readonly #families: FamilyGrouping;
  readonly #series: UniqueSeries;
  readonly #warn: Warn;
  /** By the array of the bounds or quantiles, which the series of a metric share. */
  readonly #ends = new WeakMap<readonly number[], LabelledEnds>();
  /**
   * One of each that lives between pages. V8 throws optimised code away when, at a major collection, nothing is alive that has the
   * shape it was made for; every page would be begun by the interpreter.
   */
  readonly shapes = [new PageWriter(() => Buffer.alloc(0)), linesOf(NO_FAMILY)];

  /**
   * @param warn is told what is left out
   * @param hasScopes whether every series says its scope
   * @param showCreated whether counters and histograms say when they began, in a series more each
   */
  constructor(dialect: Dialect, naming: Naming, warn: Warn, hasScopes: boolean, showCreated = false) {
    this.#dialect = dialect;
    this.#showCreated = showCreated;
    this.#naming = naming;
    this.#warn = warn;
    this.#families = new FamilyGrouping(dialect, naming, warn);
    this.#series = new UniqueSeries(naming, labelText, hasScopes, warn);
  }

  /**
   * The page in chunks, in memory that `allocate` gives; a page on which there is nothing has none.
   *
   * @param only names of the families that it is to have; all unless given
   */
  *render(
    resourceMetrics: ResourceMetrics,
    allocate: Allocate,
    only?: ReadonlySet<string>,
  ): Generator<Uint8Array, void, void> {
    const page = new PageWriter(allocate);
    const target = labelText(labelPairs(resourceMetrics.resource.attributes, this.#naming));
    if (target && isTargetWanted(this.#dialect, only)) page.text(this.#dialect.target(target));
    for (const family of this.#families.group(resourceMetrics, only)) yield* this.#writeFamily(family, page);
    page.text(this.#dialect.end);
    yield* page.takeRest();
  }

  *#writeFamily(family: Family, page: PageWriter): Generator<Uint8Array, void, void> {
    const lines = linesOf(family);
    let comments = this.#dialect.comments(family);
    const inScope = this.#series.of(family);
    let written = 0;
    for (const { metric, scope } of family.members) {
      if (!isCumulative(metric, this.#warn)) continue;
      const labelsOf = inScope(scope);
      for (const point of metric.dataPoints as Point[]) {
        const { value } = point;
        if (typeof value === 'number' && !this.#dialect.anyCounter && !mayBeCounter(family, value, this.#warn))
          continue;
        const labels = labelsOf(point.attributes);
        if (labels === undefined) continue;
        page.text(comments);
        comments = '';
        if (typeof value === 'number') this.#writeNumber(lines, labels, value, point, page);
        else if ('quantiles' in value) this.#writeSummary(lines, labels, value, page);
        else this.#writeHistogram(lines, labels, classicHistogram(value, family.unit), point, page);
        if (this.#showCreated && HAS_CREATED.has(family.type)) {
          writeSample(lines.created, labels, startSeconds(point), page);
        }
        if (++written % POINTS_AT_ONCE === 0) yield NOTHING_YET;
        for (let chunk = page.takeFull(); chunk !== undefined; chunk = page.takeFull()) yield chunk;
      }
    }
  }

  #writeNumber({ type, number }: Lines, labels: string, value: number, point: Point, page: PageWriter): void {
    const exemplar = type === 'counter' && this.#dialect.exemplars ? latest(point.exemplars) : undefined;
    writeSample(number, labels, value, page, exemplar && exemplarText(exemplar));
  }

  #writeHistogram(lines: Lines, labels: string, value: Histogram, point: Point, page: PageWriter): void {
    const { boundaries, counts } = value.buckets;
    const ends = this.#endsOf('le', boundaries, [Number.POSITIVE_INFINITY])[labels ? 'further' : 'first'];
    const exemplars = this.#dialect.exemplars ? latestOfBuckets(boundaries, point.exemplars) : undefined;
    let cumulative = 0;
    for (let bucket = 0; bucket < ends.length; bucket++) {
      cumulative = bucket < boundaries.length ? cumulative + (counts[bucket] ?? 0) : value.count;
      const exemplar = exemplars?.[bucket];
      page.sample(
        lines.bucket.open,
        labels,
        ends[bucket] as Uint8Array,
        cumulative,
        exemplar && exemplarText(exemplar),
      );
    }
    // Sums of negative observations are no counters: such a histogram has none (OpenMetrics 1.0, "Histogram").
    const { sum } = value;
    const { sumIsCounter } = this.#dialect;
    const hasSum = sum !== undefined && !((boundaries[0] ?? 0) < 0) && (sum >= 0 || !sumIsCounter);
    if (hasSum) writeSample(lines.sum, labels, sum, page);
    if (hasSum || !sumIsCounter) writeSample(lines.count, labels, value.count, page);
  }

  #writeSummary(lines: Lines, labels: string, { quantiles, values, sum, count }: Summary, page: PageWriter): void {
    const ends = this.#endsOf('quantile', quantiles)[labels ? 'further' : 'first'];
    const { sumIsCounter } = this.#dialect;
    for (let index = 0; index < ends.length; index++) {
      const value = values[index] ?? Number.NaN;
      if (value < 0 && sumIsCounter) {
        this.#warn(`a quantile of the summary ${lines.name} is not on the page: it is negative`);
        continue;
      }
      page.sample(lines.number.open, labels, ends[index] as Uint8Array, value);
    }
    if (sum >= 0 || !sumIsCounter) writeSample(lines.sum, labels, sum, page);
    writeSample(lines.count, labels, count, page);
  }

  #endsOf(label: string, values: readonly number[], last: readonly number[] = []): LabelledEnds {
    let ends = this.#ends.get(values);
    if (ends === undefined) {
      const texts = [...values, ...last].map((value) => `${label}="${this.#dialect.bound(value)}"} `);
      ends = { first: texts.map((text) => Buffer.from(text)), further: texts.map((text) => Buffer.from(`,${text}`)) };
      this.#ends.set(values, ends);
    }
    return ends;
  }
}

function writeSample(name: Name, labels: string, value: number, page: PageWriter, tail?: string): void {
  if (labels) page.sample(name.open, labels, CLOSE, value, tail);
  else page.sample(name.bare, labels, BLANK, value, tail);
}

function linesOf(family: Family): Lines {
  const named = (text: string) =>
    isLegalMetricName(text)
      ? { bare: Buffer.from(text), open: Buffer.from(`${text}{`) }
      : { bare: Buffer.from(`{${quoted(text)}}`), open: Buffer.from(`{${quoted(text)},`) };
  const suffixed = (suffix: string) => named(family.name + suffix);
  return {
    ...family,
    number: named(family.sampleName),
    bucket: suffixed('_bucket'),
    sum: suffixed('_sum'),
    count: suffixed('_count'),
    created: suffixed('_created'),
  };
}

function startSeconds({ startTime: [whole, nanoseconds] }: Point): number {
  return whole + nanoseconds / 1e9;
}
