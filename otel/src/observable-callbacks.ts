import type {
  BatchObservableCallback,
  Meter,
  MeterProvider,
  MetricOptions,
  Observable,
  ObservableCallback,
} from '@opentelemetry/api';

/** Milliseconds that a callback may take to observe: a page is to be there within about a second (OpenMetrics 1.0). */
const LONGEST = 800;

const CREATORS = ['createObservableGauge', 'createObservableCounter', 'createObservableUpDownCounter'] as const;

/** A callback of the application that threw, rejected or did not come back in time: its metrics are left out. */
export class CallbackFailure extends Error {
  readonly type: 'callback' | 'callback_timeout';

  constructor(metrics: string, type: CallbackFailure['type'], what: string) {
    super(`${metrics} is left out: the application's callback ${what}`);
    this.type = type;
  }
}

/**
 * Makes a callback of an observable instrument cost no more than that instrument: it has a time limit, is not called again while
 * an earlier call is under way, and its failure names the metric. The SDK alone waits for it as long as it takes, or gives up
 * without a name.
 */
export function guardCallbacks(provider: MeterProvider): void {
  const guarded = new WeakSet<Meter>();
  const getMeter = provider.getMeter.bind(provider);
  provider.getMeter = (...which) => {
    const meter = getMeter(...which);
    if (!guarded.has(meter)) guardMeter(meter);
    guarded.add(meter);
    return meter;
  };
}

function guardMeter(meter: Meter): void {
  for (const creator of CREATORS) {
    const create = meter[creator].bind(meter) as (name: string, options?: MetricOptions) => Observable;
    meter[creator] = (name: string, options?: MetricOptions) => guardInstrument(create(name, options), name);
  }
  const names = new WeakMap<Observable, string>();
  const guards = new Map<BatchObservableCallback, BatchObservableCallback[]>();
  const { addBatchObservableCallback, removeBatchObservableCallback } = meter;
  meter.addBatchObservableCallback = (callback, instruments) => {
    const guard = guardedBy(callback, instruments.map((instrument) => names.get(instrument)).join(', '));
    guards.set(callback, [...(guards.get(callback) ?? []), guard]);
    addBatchObservableCallback.call(meter, guard, instruments);
  };
  meter.removeBatchObservableCallback = (callback, instruments) => {
    for (const guard of guards.get(callback) ?? []) removeBatchObservableCallback.call(meter, guard, instruments);
  };

  function guardInstrument(instrument: Observable, name: string): Observable {
    const { addCallback, removeCallback } = instrument;
    const ofInstrument = new Map<ObservableCallback, ObservableCallback>();
    names.set(instrument, name);
    instrument.addCallback = (callback) => {
      const guard = ofInstrument.get(callback) ?? guardedBy(callback, name);
      ofInstrument.set(callback, guard);
      addCallback.call(instrument, guard);
    };
    instrument.removeCallback = (callback) => {
      const guard = ofInstrument.get(callback);
      if (guard) removeCallback.call(instrument, guard);
      ofInstrument.delete(callback);
    };
    return instrument;
  }
}

/**
 * The callback with a time limit, and called again only when it has come back.
 *
 * @param metrics what is not on the page when it fails with a {@link CallbackFailure}
 */
export function guardedBy<R>(
  callback: (result: R) => void | Promise<void>,
  metrics: string,
): (result: R) => void | Promise<void> {
  let underWay: Promise<void> | undefined;
  const failure = (error: unknown) => new CallbackFailure(metrics, 'callback', `failed: ${String(error)}`);
  return (result) => {
    if (underWay) throw tooLate(metrics);
    let outcome: void | Promise<void>;
    try {
      outcome = callback(result);
    } catch (error) {
      throw failure(error);
    }
    if (typeof outcome?.then !== 'function') return;
    const call = Promise.resolve(outcome).catch((error) => {
      throw failure(error);
    });
    underWay = call;
    const over = () => {
      underWay = undefined;
    };
    call.then(over, over);
    return orTooLate(call, metrics);
  };
}

async function orTooLate(call: Promise<void>, metrics: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(metrics)), LONGEST).unref();
  });
  await Promise.race([call, late]).finally(() => clearTimeout(timer));
}

function tooLate(metrics: string): CallbackFailure {
  return new CallbackFailure(metrics, 'callback_timeout', `has not come back within ${LONGEST} ms`);
}
