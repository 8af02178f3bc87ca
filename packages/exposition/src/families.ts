import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { escapeMetricName } from './escaping.ts';
import { type Naming, namingIn, type Scope } from './labels.ts';
import { type FamilyType, familyType, sampleName } from './names.ts';
import { unitWords } from './units.ts';

/** All metrics that share one name on the page, with what its comment lines say. */
export interface Family {
  readonly name: string;
  /** What its samples are called, apart from the suffixes of a histogram's. */
  readonly sampleName: string;
  readonly type: FamilyType;
  readonly help: string;
  /** In words; empty for none. */
  readonly unit: string;
  readonly members: { readonly metric: MetricData; readonly scope: Scope }[];
}

/** What a format calls families, and what nobody else may be called. */
export interface FamilyNames {
  /** The type that the family of a metric has in the format, by what its samples are called. */
  typeOf(sampleName: string, type: FamilyType): FamilyType;
  /** The family's name, from that of its samples: `requests_total` → `requests`, where a family is called so. */
  familyName(sampleName: string, type: FamilyType): string;
  /** Names that belong to a family and that no other one may have, whether it writes such samples or not. */
  ownedNames(family: string, type: FamilyType): string[];
  /** What the resource's samples own. */
  readonly targetNames: readonly string[];
}

/** Whether the resource's family is among those that a page is to have. */
export function isTargetWanted({ targetNames }: FamilyNames, only: ReadonlySet<string> | undefined): boolean {
  return only === undefined || targetNames.some((name) => only.has(name));
}

/** Says why something is not on the page; called once for each distinct message. */
export type Warn = (message: string) => void;

/**
 * Groups metrics into families: one TYPE and one HELP a name, whatever the number of scopes. A metric whose type or sample
 * names clash with a family seen before is left out as a whole, and said so; the family that was first stays first for the
 * life of the process.
 */
export class FamilyGrouping {
  readonly #names: FamilyNames;
  readonly #naming: Naming;
  readonly #warn: Warn;
  readonly #winners = new Map<string, FamilyType>();
  /** The families' names by each name that belongs to one. */
  readonly #owners: Map<string, string>;

  constructor(names: FamilyNames, naming: Naming, warn: Warn) {
    this.#names = names;
    this.#naming = naming;
    this.#warn = warn;
    this.#owners = new Map(names.targetNames.map((name) => [name, 'of the resource']));
  }

  /** @param only names of families or of their samples; the others are left out; all unless given */
  group(resourceMetrics: ResourceMetrics, only?: ReadonlySet<string>): Family[] {
    const families = new Map<string, Family>();
    for (const { scope, metrics } of resourceMetrics.scopeMetrics) {
      for (const metric of metrics) {
        const described = metric.dataPoints.length === 0 ? undefined : this.#described(metric, scope);
        if (!described) continue;
        const known = families.get(described.name);
        if (known) known.members.push({ metric, scope });
        else families.set(described.name, { ...described, members: [{ metric, scope }] });
      }
    }
    const all = [...families.values()];
    return only ? all.filter(({ name, sampleName }) => only.has(name) || only.has(sampleName)) : all;
  }

  #described(metric: MetricData, scope: Scope): Omit<Family, 'members'> | undefined {
    const { name: instrument, description, unit } = metric.descriptor;
    const { strategy, escaping } = namingIn(scope, this.#naming);
    const translated = sampleName(metric, familyType(metric), strategy);
    if (!translated) return this.#leaveOut(instrument, 'no legal metric name is left of it');
    const sample = escapeMetricName(translated, escaping);
    const type = this.#names.typeOf(sample, familyType(metric));
    const name = this.#names.familyName(sample, type);
    const winner = this.#winners.get(name);
    if (winner !== undefined && winner !== type) {
      return this.#leaveOut(instrument, `${name} is a ${winner} already and this one is a ${type}`);
    }
    if (winner === undefined) {
      const owned = this.#names.ownedNames(name, type);
      const taken = owned.find((one) => this.#owners.has(one));
      if (taken)
        return this.#leaveOut(instrument, `its sample ${taken} belongs to the family ${this.#owners.get(taken)}`);
      for (const one of owned) this.#owners.set(one, name);
      this.#winners.set(name, type);
    }
    return { name, sampleName: sample, type, help: description, unit: unitWords(unit.trim()) };
  }

  #leaveOut(instrument: string, why: string): undefined {
    this.#warn(`metric ${JSON.stringify(instrument)} is not on the page: ${why}`);
    return undefined;
  }
}
