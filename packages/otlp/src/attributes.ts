import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { BackwardWriter } from './backward-writer.ts';

/** Most values of one attribute that are remembered: one that has more is different every time, such as a path. */
const MOST_VALUES = 16;

/** Longest KeyValue that is remembered, in bytes. */
const LONGEST = 256;

/** Most attributes of which anything is remembered. */
const MOST_KEYS = 512;

/** An attribute, by its key. */
interface Known {
  /** The field `key` of KeyValue. */
  readonly key: Uint8Array;
  /** Whole KeyValues with their lengths, by value; undefined when there are too many. */
  values: Map<unknown, Uint8Array> | undefined;
}

/**
 * Writes attributes as `repeated KeyValue`. Spans tell the same few things again and again: what was written once is copied.
 * Order and bytes are those of `@opentelemetry/otlp-transformer`.
 */
export class AttributeWriter {
  readonly #known = new Map<string, Known>();

  /** @param tag of the field, with its wire type */
  write(writer: BackwardWriter, attributes: Attributes, tag: number): void {
    const keys = Object.keys(attributes);
    for (let index = keys.length - 1; index >= 0; index--) {
      const key = keys[index] as string;
      this.#keyValue(writer, key, attributes[key]);
      writer.byte(tag);
    }
  }

  #keyValue(writer: BackwardWriter, key: string, value: unknown): void {
    const known = this.#known.get(key) ?? this.#learn(writer, key);
    const same = known?.values?.get(value);
    if (same !== undefined) {
      writer.bytes(same);
      return;
    }
    const end = writer.length;
    writeValue(writer, value);
    writer.varint(writer.length - end);
    writer.byte(0x12);
    if (known) writer.bytes(known.key);
    else writeKey(writer, key);
    writer.varint(writer.length - end);
    const length = writer.length - end;
    if (known?.values && length <= LONGEST && typeof value !== 'object')
      remember(known, value, Uint8Array.from(writer.written.subarray(0, length)));
  }

  #learn(writer: BackwardWriter, key: string): Known | undefined {
    if (this.#known.size >= MOST_KEYS) return undefined;
    const scratch = new (writer.constructor as typeof BackwardWriter)(16);
    writeKey(scratch, key);
    const known: Known = { key: scratch.written, values: new Map() };
    this.#known.set(key, known);
    return known;
  }
}

function remember(known: Known, value: unknown, bytes: Uint8Array): void {
  if (known.values?.size === MOST_VALUES) known.values = undefined;
  else known.values?.set(value, bytes);
}

function writeKey(writer: BackwardWriter, key: string): void {
  writer.text(key);
  writer.byte(0x0a);
}

/** The fields of AnyValue. */
function writeValue(writer: BackwardWriter, value: unknown): void {
  if (typeof value === 'string') {
    writer.text(value);
    writer.byte(0x0a);
  } else if (typeof value === 'boolean') {
    writer.byte(value ? 1 : 0);
    writer.byte(0x10);
  } else if (typeof value === 'number') {
    writeNumber(writer, value);
  } else if (value instanceof Uint8Array) {
    writer.bytes(value);
    writer.varint(value.length);
    writer.byte(0x3a);
  } else if (Array.isArray(value)) {
    writeArray(writer, value);
  } else if (typeof value === 'object' && value !== null) {
    writeMap(writer, value as Record<string, AttributeValue>);
  }
}

function writeNumber(writer: BackwardWriter, value: number): void {
  if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
    writer.int64(value);
    writer.byte(0x18);
  } else {
    writer.double(value);
    writer.byte(0x21);
  }
}

function writeArray(writer: BackwardWriter, values: readonly unknown[]): void {
  const end = writer.length;
  for (let index = values.length - 1; index >= 0; index--) {
    const start = writer.length;
    writeValue(writer, values[index]);
    writer.varint(writer.length - start);
    writer.byte(0x0a);
  }
  writer.varint(writer.length - end);
  writer.byte(0x2a);
}

function writeMap(writer: BackwardWriter, values: Readonly<Record<string, unknown>>): void {
  const end = writer.length;
  for (const key of Object.keys(values).reverse()) {
    const start = writer.length;
    writeValue(writer, values[key]);
    writer.varint(writer.length - start);
    writer.byte(0x12);
    writeKey(writer, key);
    writer.varint(writer.length - start);
    writer.byte(0x0a);
  }
  writer.varint(writer.length - end);
  writer.byte(0x32);
}
