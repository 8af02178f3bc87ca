import type { SpanContext } from '@opentelemetry/api';
import {
  type CaptureSpan,
  type CellRegistry,
  type HistogramCell,
  type HistogramMetric,
  KeyTree,
  OVERFLOW,
  type PartialAttributes,
} from '@otel-register/cells';

/** Buckets that the semantic conventions advise for db.client.operation.duration, in seconds. */
export const DURATION_BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Where a database client's operations go. */
export interface DatabaseTarget {
  readonly system: 'postgresql' | 'redis';
  readonly namespace: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/**
 * The one histogram of all database clients, `db.client.operation.duration` (semantic conventions, "Database client
 * metrics"): each probe asks for the operations of a target once a connection and records on them.
 */
export class DatabaseOperations {
  /** To be asked when an operation begins; its span goes with the operation to {@link record}. */
  readonly captureSpan: CaptureSpan;
  readonly #duration: HistogramMetric;
  readonly #targets: KeyTree<HistogramCell>;

  constructor(cells: CellRegistry) {
    this.captureSpan = cells.captureSpan;
    this.#targets = KeyTree.bounded(cells.cardinalityLimit * 4);
    this.#duration = cells.histogram({
      name: 'db.client.operation.duration',
      unit: 's',
      description: 'Duration of database client operations.',
      boundaries: DURATION_BOUNDARIES,
    });
  }

  /** What to keep on a connection to `target`, and to hand to {@link record}. */
  on(target: DatabaseTarget): TargetOperations {
    const { system, namespace, address, port } = target;
    return { target, tree: this.#targets.child(system).child(namespace).child(address).child(port) };
  }

  /**
   * @param error what `error.type` is to say; undefined for an operation that succeeded
   * @param span what {@link captureSpan} gave when the operation began
   */
  record(
    { target, tree }: TargetOperations,
    operation: string | undefined,
    error: string | undefined,
    seconds: number,
    span?: SpanContext,
  ): void {
    const node = tree.child(operation).child(error);
    node.value ??= this.#duration.bind(
      node.isOverflow
        ? OVERFLOW
        : {
            ...targetAttributes(target),
            'db.operation.name': operation,
            'error.type': error,
          },
    );
    node.value.record(seconds, span);
  }
}

export interface TargetOperations {
  readonly target: DatabaseTarget;
  readonly tree: KeyTree<HistogramCell>;
}

/** The attributes that say where an operation goes. */
export function targetAttributes({ system, namespace, address, port }: DatabaseTarget): PartialAttributes {
  return { 'db.system.name': system, 'db.namespace': namespace, 'server.address': address, 'server.port': port };
}
