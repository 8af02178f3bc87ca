import type { Attributes } from '@opentelemetry/api';
import type { Family, Warn } from './families.ts';
import { labelPairs, labelText, type Naming, namingIn, type Scope, scopeLabels } from './labels.ts';
import type { FamilyType } from './names.ts';

/** The labels of a point in a format; undefined for a point that is left out. */
export type LabelsOf = (attributes: Attributes) => string | undefined;

/** What a sample of the type says of itself in a label. */
const OWN_LABELS: { readonly [type in FamilyType]?: string } = { histogram: 'le', summary: 'quantile' };

/** The labels of series by the attributes object, which is the series' identity for as long as it lives. */
type Known = WeakMap<Attributes, string>;

/**
 * Gives each series its labels in the form of one format, and no two series of a family the same ones: a second one says its scope,
 * where that does not help it is left out.
 */
export class UniqueSeries {
  readonly #naming: Naming;
  readonly #format: (labels: ReadonlyMap<string, string>) => string;
  readonly #hasScopes: boolean;
  readonly #warn: Warn;
  /** Labels are rendered once for a series. By what they hold besides its attributes. */
  readonly #known = new Map<string, Known>();

  /**
   * @param format labels as they stand in the format, the same ones always alike
   * @param hasScopes whether every series says its scope
   */
  constructor(naming: Naming, format: (labels: ReadonlyMap<string, string>) => string, hasScopes: boolean, warn: Warn) {
    this.#naming = naming;
    this.#format = format;
    this.#hasScopes = hasScopes;
    this.#warn = warn;
  }

  /** For the points of a family on one page, scope by scope. */
  of(family: Family): (scope: Scope) => LabelsOf {
    const reserved = OWN_LABELS[family.type];
    const seen = new Set<string>();
    return (scope) => {
      const naming = namingIn(scope, this.#naming);
      const ofScope = scopeLabels(scope, naming);
      const fixed = this.#hasScopes ? ofScope : new Map<string, string>();
      const known = this.#knownOf(`${reserved} ${naming.strategy} ${labelText(fixed)}`);
      return (attributes) => {
        let labels = known.get(attributes);
        if (labels === undefined) {
          labels = this.#format(labelPairs(attributes, naming, fixed, reserved));
          known.set(attributes, labels);
        }
        if (seen.has(labels)) {
          const pairs = labelPairs(attributes, naming, ofScope, reserved);
          labels = this.#format(pairs);
          if (seen.has(labels)) {
            this.#warn(`a second series ${family.name}{${labelText(pairs)}} is not on the page: the first one stays`);
            return undefined;
          }
        }
        seen.add(labels);
        return labels;
      };
    };
  }

  #knownOf(key: string): Known {
    const known: Known = this.#known.get(key) ?? new WeakMap();
    this.#known.set(key, known);
    return known;
  }
}
