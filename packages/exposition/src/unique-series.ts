import type { Attributes } from '@opentelemetry/api';
import type { Family, Warn } from './families.ts';
import { labelPairs, labelText, type Naming } from './labels.ts';

/** The labels of a point in a format, by its attributes and the name of its scope; undefined for a point that is left out. */
export type LabelsOf = (attributes: Attributes, scopeName: string) => string | undefined;

/** Gives each series its labels in the form of one format, and no two series of a family the same ones. */
export class UniqueSeries {
  readonly #naming: Naming;
  readonly #format: (labels: ReadonlyMap<string, string>) => string;
  readonly #warn: Warn;
  /** Labels are rendered once for a series: the attributes object is the series' identity for as long as it lives. */
  readonly #labels = new WeakMap<Attributes, string>();
  readonly #histogramLabels = new WeakMap<Attributes, string>();

  /** @param format labels as they stand in the format, the same ones always alike */
  constructor(naming: Naming, format: (labels: ReadonlyMap<string, string>) => string, warn: Warn) {
    this.#naming = naming;
    this.#format = format;
    this.#warn = warn;
  }

  /** For the points of a family on one page: a second series of the same labels gets its scope's name, a third is left out. */
  of(family: Family): LabelsOf {
    const [known, reserved] = family.type === 'histogram' ? [this.#histogramLabels, 'le'] : [this.#labels, undefined];
    const seen = new Set<string>();
    return (attributes, scopeName) => {
      let labels = known.get(attributes);
      if (labels === undefined) {
        labels = this.#format(labelPairs(attributes, this.#naming, {}, reserved));
        known.set(attributes, labels);
      }
      if (seen.has(labels)) {
        const pairs = labelPairs(attributes, this.#naming, { otel_scope_name: scopeName }, reserved);
        labels = this.#format(pairs);
        if (seen.has(labels)) {
          this.#warn(`a second series ${family.name}{${labelText(pairs)}} is not on the page: the first one stays`);
          return undefined;
        }
      }
      seen.add(labels);
      return labels;
    };
  }
}
