import { isSpanContextValid, trace } from '@opentelemetry/api';

/** A client that the service made with `Sentry.init`. */
export interface OwnClient {
  getOptions(): { readonly tracesSampleRate?: number | undefined; readonly tracesSampler?: unknown };
  getDsn(): { readonly host: string; readonly port?: string; readonly protocol: string } | undefined;
}

interface Scope {
  getClient?(): OwnClient | undefined;
  setClient(client: OwnClient | undefined): void;
}

/** What the copies of one version of Sentry's SDK share. */
interface Carrier {
  /** What `registerExternalPropagationContext` of `@sentry/core` sets, and so `openTelemetryIntegration` does. */
  externalPropagationContextProvider?: () => { traceId: string; spanId: string } | undefined;
  defaultCurrentScope?: Scope;
}

/**
 * Links every Sentry that the service itself brings to our traces, in whatever version and however it is loaded: as soon as one
 * is, its errors are told the active span as their place, and it puts no trace of its own into headers.
 *
 * All versions keep what they share on `globalThis.__SENTRY__`, each under its own name.
 *
 * @param onClient told of a client when it is made, and of one that is there
 * @returns what unlinks them
 */
export function linkOwnClients(onClient: (client: OwnClient) => void): () => void {
  const global = globalThis as { __SENTRY__?: Record<string, unknown> };
  const carriers = global.__SENTRY__ ?? {};
  for (const carrier of Object.values(carriers)) link(carrier, onClient);
  const value = new Proxy(carriers, {
    set(target, version, carrier) {
      if (target[version as string] !== carrier) link(carrier, onClient);
      return Reflect.set(target, version, carrier);
    },
  });
  // Hidden from a service that goes through its globals and has no Sentry.
  Object.defineProperty(global, '__SENTRY__', { value, configurable: true, writable: true });
  return () => {
    for (const carrier of Object.values(carriers)) unlink(carrier);
    if (global.__SENTRY__ !== value) return;
    if (Object.keys(carriers).length > 0) global.__SENTRY__ = carriers;
    else Reflect.deleteProperty(global, '__SENTRY__');
  };
}

function link(carrier: unknown, onClient: (client: OwnClient) => void): void {
  if (typeof carrier !== 'object' || carrier === null) return;
  const shared = carrier as Carrier;
  shared.externalPropagationContextProvider ??= activeSpan;
  if (shared.defaultCurrentScope) {
    watch(shared.defaultCurrentScope, onClient);
    return;
  }
  Object.defineProperty(shared, 'defaultCurrentScope', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set(scope: Scope) {
      Object.defineProperty(shared, 'defaultCurrentScope', {
        value: scope,
        configurable: true,
        enumerable: true,
        writable: true,
      });
      watch(scope, onClient);
    },
  });
}

function unlink(carrier: unknown): void {
  if (typeof carrier !== 'object' || carrier === null) return;
  const shared = carrier as Carrier;
  if (shared.externalPropagationContextProvider === activeSpan) delete shared.externalPropagationContextProvider;
  // Where it waits for one, or has replaced the method of one.
  if (shared.defaultCurrentScope) Reflect.deleteProperty(shared.defaultCurrentScope, 'setClient');
  else Reflect.deleteProperty(shared, 'defaultCurrentScope');
}

function watch(scope: Scope, onClient: (client: OwnClient) => void): void {
  const { setClient } = scope;
  const client = scope.getClient?.();
  if (client) onClient(client);
  Object.defineProperty(scope, 'setClient', {
    configurable: true,
    writable: true,
    value(this: Scope, client: OwnClient | undefined) {
      setClient.call(this, client);
      if (client) onClient(client);
    },
  });
}

function activeSpan(): { traceId: string; spanId: string } | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span && isSpanContextValid(span) ? { traceId: span.traceId, spanId: span.spanId } : undefined;
}
