import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

/** A series of a metric of prom-client: what its kind has of these. */
export interface PromClientSeries {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
  readonly exemplar?: PromClientExemplar | null;
  readonly count: number;
  readonly sum: number;
  /** By bound; each has what the ones below it have not. */
  readonly bucketValues: Readonly<Record<string, number>>;
  readonly bucketExemplars?: Readonly<Record<string, PromClientExemplar | null>>;
  readonly td: { percentile(quantile: number): number | undefined; size(): number };
}

/** One that was refused for its labels has no value. */
export interface PromClientExemplar {
  readonly labelSet: Readonly<Record<string, unknown>>;
  readonly value: number | null;
  /** In seconds. */
  readonly timestamp?: number;
}

/** A metric of prom-client 13 to 15, as far as it is read: what its kind has of this. */
export interface PromClientMetric {
  readonly name: string;
  readonly help: string;
  /** What prom-client makes of several processes. */
  readonly aggregator: string;
  /** Brings the metric up to date. */
  readonly collect?: () => void | Promise<void>;
  /** Calls `collect` and copies the series, unless the application has put something else in its place. */
  readonly get: Method;
  readonly hashMap: Record<string, PromClientSeries>;
  readonly upperBounds: readonly number[];
  readonly percentiles: readonly number[];
  readonly pruneAgedBuckets?: boolean;
}

export interface PromClientRegistry {
  readonly contentType: string;
  readonly _defaultLabels: Readonly<Record<string, unknown>>;
  getMetricsAsArray(): PromClientMetric[];
}

const KINDS = ['counter', 'gauge', 'histogram', 'summary'] as const;

type Kind = (typeof KINDS)[number];

interface Registered {
  readonly kind: Kind;
  /** When that was, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** The method of its class. */
  readonly get: Method;
}

/** A metric and where it is registered first. */
export interface PromClientSource extends Registered {
  readonly metric: PromClientMetric;
  readonly registry: PromClientRegistry;
}

/**
 * Finds the registries of prom-client 13 to 15, the global one and those that the application makes, in whatever number of
 * copies the package is loaded. Nothing is kept alive by it, and nothing of prom-client works differently.
 */
export class PromClientProbe extends Probe {
  #registries: WeakRef<PromClientRegistry>[] = [];
  readonly #knownRegistries = new WeakSet<PromClientRegistry>();
  readonly #registered = new WeakMap<object, Registered>();
  readonly #classes: { readonly kind: Kind; readonly prototype: { readonly get: Method } }[] = [];
  readonly #leftOut = new WeakSet<object>();

  constructor() {
    super('prom-client');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const registerMetric = (original: Method) => this.#registering(original);
    const classes = KINDS.map((kind) => ({
      module: `prom-client/lib/${kind}.js`,
      replace: (exports: { readonly prototype: { readonly get: Method } }) => {
        this.#classes.push({ kind, prototype: exports.prototype });
        return exports;
      },
    }));
    const registry = { module: 'prom-client/lib/registry.js', wrappers: { registerMetric } };
    return [this.patched('prom-client', ['>=13.0.0 <16'], [registry, ...classes])];
  }

  /** Every metric that a registry has now, once, in the order of the registries and in theirs. */
  sources(): PromClientSource[] {
    const sources = new Map<PromClientMetric, PromClientSource>();
    this.#registries = this.#registries.filter((reference) => reference.deref() !== undefined);
    for (const reference of this.#registries) {
      const registry = reference.deref();
      for (const metric of registry?.getMetricsAsArray() ?? []) {
        const registered = this.#registered.get(metric);
        if (registered === undefined) this.#leaveOut(metric);
        else if (registry && !sources.has(metric)) sources.set(metric, { metric, registry, ...registered });
      }
    }
    return [...sources.values()];
  }

  #leaveOut(metric: PromClientMetric): void {
    if (this.#leftOut.has(metric)) return;
    this.#leftOut.add(metric);
    this._diag.warn(`${metric.name} is left out: it is not of one of the classes of prom-client`);
  }

  #registering(original: Method): Method {
    const register = this.guarded<[PromClientRegistry, object]>(([registry, metric]) =>
      this.#register(registry, metric),
    );
    return function registerMetric(this: PromClientRegistry, metric: object) {
      const result = original.apply(this, arguments as never);
      register([this, metric]);
      return result;
    };
  }

  /**
   * Registries that are made of others have no metric that is new, or, where a primary process has gathered the numbers of its
   * workers, none that counts itself.
   */
  #register(registry: PromClientRegistry, metric: object): void {
    const found = this.#classes.find(({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, metric));
    if (!found || this.#registered.has(metric)) return;
    this.#registered.set(metric, { kind: found.kind, since: Date.now(), get: found.prototype.get });
    if (this.#knownRegistries.has(registry)) return;
    this.#knownRegistries.add(registry);
    this.#registries.push(new WeakRef(registry));
  }
}
