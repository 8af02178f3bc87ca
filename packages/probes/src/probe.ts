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
    return patchedPackage(name, versions, modules, (error) => this.failed(error));
  }

  /** A channel's subscriber that cannot throw: what it throws would be an uncaught exception of the service. */
  protected guarded<M>(subscriber: (message: M) => void): (message: unknown) => void {
    return (message) => {
      try {
        subscriber(message as M);
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
