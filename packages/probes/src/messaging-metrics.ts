import type { SpanContext } from '@opentelemetry/api';
import {
  type CaptureSpan,
  type CellRegistry,
  type CounterCell,
  type HistogramCell,
  KeyTree,
  OVERFLOW,
  type PartialAttributes,
} from '@otel-register/cells';

/** Buckets that the semantic conventions advise for the durations of messaging, in seconds. */
const DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** From a second, which is as fine as timestamps of AMQP are, to a day. */
const AGE_BOUNDARIES = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400];

/** What a client does with messages, by `messaging.operation.name`, each with its `messaging.operation.type`. */
const OPERATION_TYPES = {
  publish: 'send',
  get: 'receive',
  process: 'process',
  ack: 'settle',
  nack: 'settle',
  reject: 'settle',
} as const;

export type Operation = keyof typeof OPERATION_TYPES;

/** The cells of all operations of one name, destination and outcome. */
interface OperationCells {
  readonly duration: HistogramCell;
  readonly sent: CounterCell | undefined;
  readonly errors: CounterCell | undefined;
}

/**
 * The metrics of messaging clients (semantic conventions, "Messaging client metrics"), for one messaging system. A destination
 * is the name of a queue or an exchange; there is a bounded number of them.
 */
export class MessagingMetrics {
  /** To be asked when an operation begins; its span goes with the operation to {@link ended}. */
  readonly captureSpan: CaptureSpan;
  readonly #system: string;
  readonly #metrics: ReturnType<typeof messagingMetrics>;
  readonly #operations: KeyTree<OperationCells>;
  readonly #consumed: KeyTree<CounterCell>;
  readonly #ages: KeyTree<HistogramCell>;
  readonly #unsettled: KeyTree<CounterCell>;
  readonly #errors: KeyTree<CounterCell>;

  /** @param system what `messaging.system` says */
  constructor(cells: CellRegistry, system: string) {
    this.captureSpan = cells.captureSpan;
    this.#system = system;
    this.#metrics = messagingMetrics(cells);
    this.#operations = KeyTree.bounded(cells.cardinalityLimit * 4);
    this.#consumed = KeyTree.bounded(cells.cardinalityLimit);
    this.#ages = KeyTree.bounded(cells.cardinalityLimit);
    this.#unsettled = KeyTree.bounded(cells.cardinalityLimit);
    this.#errors = KeyTree.bounded(cells.cardinalityLimit);
  }

  /**
   * Counts an operation that is over: its duration, a message that was published as sent, and an error unless it is the
   * processing that failed.
   *
   * @param error what `error.type` is to say; undefined for an operation that succeeded
   */
  ended(
    name: Operation,
    destination: string | undefined,
    error: string | undefined,
    seconds: number,
    span?: SpanContext,
  ): void {
    const node = this.#operations.child(name).child(destination).child(error);
    node.value ??= this.#bind(name, destination, error, node.isOverflow);
    const { duration, sent, errors } = node.value;
    duration.record(seconds, span);
    sent?.add(1);
    errors?.add(1);
  }

  /** Counts a message that the service has been given: one that it asked for, or one that came to a consumer. */
  consumed(name: 'get' | 'consume', destination: string | undefined): void {
    const node = this.#consumed.child(name).child(destination);
    node.value ??= this.#metrics.consumed.bind(
      node.isOverflow ? OVERFLOW : this.#attributes(name, destination, undefined),
    );
    node.value.add(1);
  }

  /** Records how old a message was when the service was given it. */
  aged(destination: string | undefined, seconds: number, span?: SpanContext): void {
    const node = this.#ages.child(destination);
    node.value ??= this.#metrics.age.bind(
      node.isOverflow ? OVERFLOW : this.#attributes(undefined, destination, undefined),
    );
    node.value.record(seconds, span);
  }

  /** The messages of a destination that the service has been given and has yet to settle. */
  unsettled(destination: string | undefined): CounterCell {
    const node = this.#unsettled.child(destination);
    node.value ??= this.#metrics.unsettled.bind(
      node.isOverflow ? OVERFLOW : this.#attributes(undefined, destination, undefined),
    );
    return node.value;
  }

  /** Counts what went wrong beside the outcome of an operation. */
  failed(error: string, name?: Operation, destination?: string): void {
    const node = this.#errors.child(error).child(name).child(destination);
    node.value ??= this.#metrics.errors.bind(node.isOverflow ? OVERFLOW : this.#attributes(name, destination, error));
    node.value.add(1);
  }

  #bind(name: Operation, destination: string | undefined, error: string | undefined, isOverflow: boolean) {
    const { processing, duration, sent, errors } = this.#metrics;
    const type = OPERATION_TYPES[name];
    const counted = isOverflow ? OVERFLOW : this.#attributes(name, destination, error);
    const measured = isOverflow ? OVERFLOW : { ...counted, 'messaging.operation.type': type };
    return {
      duration: (name === 'process' ? processing : duration).bind(measured),
      sent: name === 'publish' ? sent.bind(counted) : undefined,
      errors: error !== undefined && name !== 'process' ? errors.bind(counted) : undefined,
    };
  }

  #attributes(name: string | undefined, destination: string | undefined, error: string | undefined): PartialAttributes {
    return {
      'messaging.system': this.#system,
      'messaging.operation.name': name,
      'messaging.destination.name': destination,
      'error.type': error,
    };
  }
}

function messagingMetrics(cells: CellRegistry) {
  return {
    duration: cells.histogram({
      name: 'messaging.client.operation.duration',
      unit: 's',
      description: 'Duration of messaging operations, of a publish to its confirmation where there is one.',
      boundaries: DURATION_BOUNDARIES,
    }),
    processing: cells.histogram({
      name: 'messaging.process.duration',
      unit: 's',
      description: 'Time from the delivery of a message to its settlement.',
      boundaries: DURATION_BOUNDARIES,
    }),
    sent: cells.counter({
      name: 'messaging.client.sent.messages',
      unit: '{message}',
      description: 'Messages that were sent to the broker, or that it did not take.',
    }),
    consumed: cells.counter({
      name: 'messaging.client.consumed.messages',
      unit: '{message}',
      description: 'Messages that were delivered to the service.',
    }),
    age: cells.histogram({
      name: 'messaging.client.message.age',
      unit: 's',
      description: 'Time from the timestamp that the publisher gave a message to its delivery.',
      boundaries: AGE_BOUNDARIES,
    }),
    unsettled: cells.upDownCounter({
      name: 'messaging.client.unsettled.messages',
      unit: '{message}',
      description: 'Messages that were delivered to the service and that it has neither acknowledged nor rejected.',
    }),
    errors: cells.counter({
      name: 'messaging.client.errors',
      unit: '{error}',
      description: 'Operations that failed, messages that came back, and channels and connections that were lost.',
    }),
  };
}
