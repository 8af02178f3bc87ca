import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { type FamilyType, familyName, familyType } from './names.ts';

/** All metrics that share one name on the page, with what its comment lines say. */
export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly members: { readonly metric: MetricData; readonly scopeName: string }[];
}

/** Says why something is not on the page; called once for each distinct message. */
export type Warn = (message: string) => void;

/**
 * Groups metrics into families: one TYPE and one HELP a name, whatever the number of scopes. A metric whose type or sample
 * names clash with a family seen before is left out as a whole, and said so; `winners` makes the family that was first stay
 * first for the life of the process.
 */
export class FamilyGrouping {
  readonly #winners = new Map<string, FamilyType>();
  readonly #warn: Warn;

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  group(resourceMetrics: ResourceMetrics): Family[] {
    const families = new Map<string, Family>();
    for (const { scope, metrics } of resourceMetrics.scopeMetrics) {
      for (const metric of metrics) {
        const named = this.#named(metric);
        if (!named || metric.dataPoints.length === 0) continue;
        const known = families.get(named.name);
        if (known) known.members.push({ metric, scopeName: scope.name });
        else families.set(named.name, { ...named, members: [{ metric, scopeName: scope.name }] });
      }
    }
    return [...families.values()];
  }

  #named(metric: MetricData): { name: string; type: FamilyType; help: string } | undefined {
    const { name: instrument, description } = metric.descriptor;
    const type = familyType(metric);
    if (!type) return this.#leaveOut(instrument, 'its kind has no form in the text format');
    const name = familyName(metric, type);
    if (!name) return this.#leaveOut(instrument, 'no legal metric name is left of it');
    if (name === 'target_info') return this.#leaveOut(instrument, 'the name belongs to the resource');
    const winner = this.#winners.get(name);
    if (winner !== undefined && winner !== type) {
      return this.#leaveOut(instrument, `${name} is a ${winner} already and this one is a ${type}`);
    }
    if (winner === undefined) {
      const taken = sampleNames(name, type).find((sample) => this.#ownerOf(sample) !== undefined);
      if (taken) return this.#leaveOut(instrument, `its sample ${taken} belongs to the family ${this.#ownerOf(taken)}`);
      this.#winners.set(name, type);
    }
    return { name, type, help: description };
  }

  /** The known family that writes samples of this name. */
  #ownerOf(sample: string): string | undefined {
    if (this.#winners.has(sample)) return sample;
    const histogram = sample.replace(/_(?:bucket|sum|count)$/, '');
    return histogram !== sample && this.#winners.get(histogram) === 'histogram' ? histogram : undefined;
  }

  #leaveOut(instrument: string, why: string): undefined {
    this.#warn(`metric ${JSON.stringify(instrument)} is not on the page: ${why}`);
    return undefined;
  }
}

function sampleNames(name: string, type: FamilyType): string[] {
  return type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}
