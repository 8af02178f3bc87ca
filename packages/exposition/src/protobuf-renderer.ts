import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { ByteChunks } from './byte-chunks.ts';
import { isUnitOf, prometheusText } from './dialect.ts';
import { type Family, FamilyGrouping, isTargetWanted, type Warn } from './families.ts';
import { FamilyMemory } from './family-memory.ts';
import { labelPairs, type Naming } from './labels.ts';
import { whyNotNative } from './native-histogram.ts';
import type { Allocate } from './page-writer.ts';
import { isCumulative, NOTHING_YET, POINTS_AT_ONCE, type Point } from './points.ts';
import { labelFields, writeFamilyFields, writeMetric } from './protobuf-messages.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { UniqueSeries } from './unique-series.ts';

/** The resource as a family. */
const TARGET: Family = {
  name: 'target_info',
  sampleName: 'target_info',
  type: 'gauge',
  help: 'Target metadata',
  unit: '',
  members: [],
};
const TARGET_POINT: Point = { attributes: {}, value: 1, startTime: [0, 0], endTime: [0, 0] };

/**
 * Writes OpenTelemetry metric data as `io.prometheus.client.MetricFamily` messages, each with its length before it.
 *
 * The length of a family is known when its last point is written, so a family waits in memory as a whole, in its shortest
 * form, the encoded one; nothing else of the page does. Its points are not read twice, once to measure them: they may be live, and
 * a second reading finds other numbers of other lengths. Nor is it split into several messages of one name, which the common
 * readers (Telegraf, prom2json) take for several families, the last of which counts. What a family takes is bounded by the
 * limit on series.
 */
export class ProtobufRenderer {
  readonly #naming: Naming;
  readonly #families: FamilyGrouping;
  readonly #series: UniqueSeries;
  readonly #warn: Warn;
  /** One that lives between pages: see {@link PageRenderer.shapes}. */
  readonly shapes = [new FamilyMemory()];

  /**
   * @param warn is told what is left out
   * @param hasScopes whether every series says its scope
   */
  constructor(naming: Naming, warn: Warn, hasScopes: boolean) {
    this.#naming = naming;
    this.#families = new FamilyGrouping(prometheusText, naming, warn);
    this.#series = new UniqueSeries(naming, labelFields, hasScopes, warn);
    this.#warn = warn;
  }

  /**
   * The page in chunks, in memory that `allocate` gives; some are empty.
   *
   * @param only names of the families that it is to have; all unless given
   */
  *render(
    resourceMetrics: ResourceMetrics,
    allocate: Allocate,
    only?: ReadonlySet<string>,
  ): Generator<Uint8Array, void, void> {
    const writer = new ProtobufWriter();
    const metrics = new FamilyMemory();
    const page = new ByteChunks(allocate);
    const target = labelFields(labelPairs(resourceMetrics.resource.attributes, this.#naming));
    if (target && isTargetWanted(prometheusText, only)) {
      writeMetric(writer, TARGET, target, 1, TARGET_POINT);
      metrics.append(writer.written);
      yield* this.#send(TARGET, metrics, page, writer);
    }
    for (const family of this.#families.group(resourceMetrics, only)) {
      yield* this.#writeMetrics(family, metrics, writer);
      if (metrics.length > 0) yield* this.#send(family, metrics, page, writer);
    }
    yield* page.rest();
  }

  *#writeMetrics(family: Family, metrics: FamilyMemory, writer: ProtobufWriter): Generator<Uint8Array, void, void> {
    const inScope = this.#series.of(family);
    let written = 0;
    for (const { metric, scope } of family.members) {
      if (!isCumulative(metric, this.#warn)) continue;
      const labelsOf = inScope(scope);
      for (const point of metric.dataPoints as Point[]) {
        const { value } = point;
        const why = typeof value !== 'number' && 'scale' in value ? whyNotNative(value) : undefined;
        if (why !== undefined) {
          this.#warn(`a point of the histogram ${family.name} is not on the page: ${why}`);
          continue;
        }
        const labels = labelsOf(point.attributes);
        if (labels === undefined) continue;
        writer.clear();
        writeMetric(writer, family, labels, value, point);
        metrics.append(writer.written);
        if (++written % POINTS_AT_ONCE === 0) yield NOTHING_YET;
      }
    }
  }

  *#send(
    family: Family,
    metrics: FamilyMemory,
    page: ByteChunks,
    writer: ProtobufWriter,
  ): Generator<Uint8Array, void, void> {
    const { name, type, unit } = family;
    const unitOf = type === 'counter' ? name.replace(/_total$/, '') : name;
    writer.clear();
    writeFamilyFields(writer, family, unit && isUnitOf(unit, unitOf) ? unit : '');
    writer.varint(writer.length + metrics.length);
    yield* page.add(writer.written);
    for (const part of metrics.parts()) yield* page.add(part);
    metrics.clear();
  }
}
