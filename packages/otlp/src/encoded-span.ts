import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { BackwardWriter } from './backward-writer.ts';

/** Many spans share a buffer of so many bytes. */
const CHUNK = 64 * 1024;

/** Whoever keeps spans asks no more of their contexts. */
const SAMPLED: SpanContext = { traceId: '', spanId: '', traceFlags: TraceFlags.SAMPLED };

/** A span that waits to be sent as bytes, and what it is sent with. */
export interface EncodedSpan extends Pick<ReadableSpan, 'resource' | 'instrumentationScope' | 'spanContext'> {
  /** The field `spans` of a ScopeSpans. */
  readonly bytes: Uint8Array;
}

class SpanInChunk implements EncodedSpan {
  readonly resource: ReadableSpan['resource'];
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
  readonly #chunk: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor({ resource, instrumentationScope }: ReadableSpan, chunk: Uint8Array, start: number, end: number) {
    this.resource = resource;
    this.instrumentationScope = instrumentationScope;
    this.#chunk = chunk;
    this.#start = start;
    this.#end = end;
  }

  get bytes(): Uint8Array {
    return this.#chunk.subarray(this.#start, this.#end);
  }

  spanContext(): SpanContext {
    return SAMPLED;
  }
}

/**
 * Encodes spans one by one, as they end. What waits to be sent is bytes then: as objects, spans that wait for seconds
 * are copied around by the garbage collector, which costs as much as making them.
 */
export class SpanEncoder {
  readonly #write: (writer: BackwardWriter, span: ReadableSpan) => void;
  readonly #scratch = new BackwardWriter(4096);
  #chunk: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** @param write writes the field `spans` of a ScopeSpans */
  constructor(write: (writer: BackwardWriter, span: ReadableSpan) => void) {
    this.#write = write;
  }

  encode(span: ReadableSpan): EncodedSpan {
    this.#scratch.clear();
    this.#write(this.#scratch, span);
    const { written } = this.#scratch;
    if (written.length > this.#chunk.length - this.#used) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK, written.length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#chunk.set(written, start);
    this.#used += written.length;
    return new SpanInChunk(span, this.#chunk, start, this.#used);
  }
}
