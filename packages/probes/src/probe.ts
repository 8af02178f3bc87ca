import {
  InstrumentationBase,
  type InstrumentationConfig,
  type InstrumentationModuleDefinition,
} from '@opentelemetry/instrumentation';
import { patchedPackage } from './patch.ts';

/**
 * What all probes are: an OpenTelemetry instrumentation, so that the SDK enables and disables it like any other. A probe
 * knows its library and its cells, nothing else; what goes wrong in it is logged once and never reaches the service.
 */
export abstract class Probe extends InstrumentationBase<InstrumentationConfig> {
  /** Packages with their versions. */
  readonly #known = new Set<string>();
  readonly #unknown = new Set<string>();
  #hasFailed = false;

  /** @param library short name, the one that OTEL_NODE_ENABLED_INSTRUMENTATIONS knows it by */
  constructor(library: string) {
    // Enabled by the SDK once the subclass is whole; InstrumentationBase would do it in the middle of its construction.
    super(`@otel-register/probe-${library}`, '0.1.0', { enabled: false });
  }

  /** The modules that this probe patches; none for one that only listens. */
  protected override init(): InstrumentationModuleDefinition[] {
    return [];
  }

  /** {@link patchedPackage} for this probe. */
  protected patched(name: string, versions: string[], modules: Parameters<typeof patchedPackage>[2]) {
    return patchedPackage(name, versions, modules, {
      failed: (error) => this.failed(error),
      known: (version) => this.#known.add(`${name} ${version}`),
      // Later: what is patched in one range of versions may be patched in another one as well.
      seen: (version) => queueMicrotask(() => this.#seen(name, version)),
    });
  }

  #seen(name: string, version: string | undefined): void {
    if (!this.#known.has(`${name} ${version}`)) this.unknownVersion(name, version);
  }

  /** Says once of a package that it is there in a version that the probe leaves alone. */
  protected unknownVersion(name: string, version: string | undefined): void {
    const which = `${name} ${version}`;
    if (this.#unknown.has(which)) return;
    this.#unknown.add(which);
    this._diag.info(`does not know ${which}: the service runs with it as it is, and nothing of it is measured`);
  }

  /** A channel's subscriber that cannot throw: what it throws would be an uncaught exception of the service. */
  protected guarded<M>(subscriber: (this: this, message: M) => void): (message: unknown) => void {
    return (message) => {
      try {
        subscriber.call(this, message as M);
      } catch (error) {
        this.failed(error);
      }
    };
  }

  /** Logs the first failure of this probe. */
  protected failed(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this._diag.error('failed; what it counts may be too low from now on, the service is not affected', error);
  }
}
