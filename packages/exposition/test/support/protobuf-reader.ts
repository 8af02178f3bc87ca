/** The messages of `io/prometheus/client/metrics.proto` (prometheus/client_model), as far as OpenTelemetry has anything for them. */
type Scalar = 'string' | 'double' | 'uint' | 'sint';
type Field = { readonly name: string; readonly type: Scalar | Schema; readonly repeated?: true };
type Schema = { readonly [field: number]: Field };

// biome-ignore lint/suspicious/noExplicitAny: what is read is whatever was written
type Message = Record<string, any>;

const one = (name: string, type: Field['type']): Field => ({ name, type });
const many = (name: string, type: Field['type']): Field => ({ name, type, repeated: true });

const TIMESTAMP: Schema = { 1: one('seconds', 'uint'), 2: one('nanos', 'uint') };
const LABEL: Schema = { 1: one('name', 'string'), 2: one('value', 'string') };
const EXEMPLAR: Schema = { 1: many('label', LABEL), 2: one('value', 'double'), 3: one('timestamp', TIMESTAMP) };
const BUCKET: Schema = {
  1: one('cumulativeCount', 'uint'),
  2: one('upperBound', 'double'),
  3: one('exemplar', EXEMPLAR),
};
const SPAN: Schema = { 1: one('offset', 'sint'), 2: one('length', 'uint') };
const HISTOGRAM: Schema = {
  1: one('sampleCount', 'uint'),
  2: one('sampleSum', 'double'),
  3: many('bucket', BUCKET),
  5: one('schema', 'sint'),
  6: one('zeroThreshold', 'double'),
  7: one('zeroCount', 'uint'),
  9: many('negativeSpan', SPAN),
  10: many('negativeDelta', 'sint'),
  12: many('positiveSpan', SPAN),
  13: many('positiveDelta', 'sint'),
  15: one('created', TIMESTAMP),
  16: many('exemplars', EXEMPLAR),
};
const SUMMARY: Schema = {
  1: one('sampleCount', 'uint'),
  2: one('sampleSum', 'double'),
  3: many('quantile', { 1: one('quantile', 'double'), 2: one('value', 'double') }),
  4: one('created', TIMESTAMP),
};
const METRIC: Schema = {
  1: many('label', LABEL),
  2: one('gauge', { 1: one('value', 'double') }),
  3: one('counter', { 1: one('value', 'double'), 2: one('exemplar', EXEMPLAR), 3: one('created', TIMESTAMP) }),
  4: one('summary', SUMMARY),
  7: one('histogram', HISTOGRAM),
};
const FAMILY: Schema = {
  1: one('name', 'string'),
  2: one('help', 'string'),
  3: one('type', 'uint'),
  4: many('metric', METRIC),
  5: one('unit', 'string'),
};

export interface ProtobufFamily {
  readonly name: string;
  readonly help?: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly unit?: string;
  readonly metric: readonly Message[];
}

const TYPES = ['counter', 'gauge', 'summary', 'unknown', 'histogram'];
const VALUE_FIELDS = ['counter', 'gauge', 'histogram', 'summary'];

/** Reads a delimited page, strictly: also a field that nobody knows, and what Prometheus would refuse, is an error. */
export function readProtobuf(bytes: Uint8Array): ProtobufFamily[] {
  const reader = new Reader(Buffer.from(bytes));
  const families: ProtobufFamily[] = [];
  while (!reader.isAtEnd) families.push(checkedFamily(readMessage(reader.part(reader.varint()), FAMILY)));
  const names = families.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new Error(`a family is there twice: ${names.sort()}`);
  return families;
}

/** The labels of a metric. */
export function labelsOf(metric: Message): Record<string, string> {
  return Object.fromEntries((metric.label ?? []).map(({ name, value }: Message) => [name, value]));
}

function checkedFamily(message: Message): ProtobufFamily {
  const type = TYPES[message.type ?? 0] as ProtobufFamily['type'];
  const fail = (why: string) => new Error(`family ${message.name}: ${why}`);
  if (!message.name || !(message.metric?.length > 0)) throw fail('without a name or a metric');
  const base = type === 'counter' ? message.name.replace(/_total$/, '') : message.name;
  if (message.unit && !base.endsWith(`_${message.unit}`)) throw fail(`the unit ${message.unit}`);
  const series = new Set<string>();
  for (const metric of message.metric) {
    const labels: Message[] = metric.label ?? [];
    if (new Set(labels.map(({ name }) => name)).size < labels.length) throw fail('a label twice');
    if (labels.some(({ name, value }) => !name || value === undefined)) throw fail('half a label');
    const identity = JSON.stringify(labels.map(({ name, value }) => [name, value]).sort());
    if (series.has(identity)) throw fail(`the series ${identity} twice`);
    series.add(identity);
    const values = VALUE_FIELDS.filter((field) => metric[field] !== undefined);
    if (values.join() !== type) throw fail(`a ${values.join()} in a family of type ${type}`);
    for (const { quantile } of metric.summary?.quantile ?? [])
      if (!(quantile >= 0 && quantile <= 1)) throw fail(`the quantile ${quantile}`);
    if (metric.histogram) checkHistogram(metric.histogram, fail);
  }
  return { ...message, type } as ProtobufFamily;
}

function checkHistogram(histogram: Message, fail: (why: string) => Error): void {
  const { bucket: buckets = [], sampleCount = 0, schema } = histogram;
  let last: Message = { upperBound: Number.NEGATIVE_INFINITY };
  for (const bucket of buckets) {
    if (!(bucket.upperBound > last.upperBound)) throw fail('buckets out of order');
    if ((bucket.cumulativeCount ?? 0) < (last.cumulativeCount ?? 0)) throw fail('buckets that are not cumulative');
    last = bucket;
  }
  if (last.upperBound !== Number.POSITIVE_INFINITY || (last.cumulativeCount ?? 0) !== sampleCount) {
    throw fail('a last bucket that is not all');
  }
  if (schema === undefined) return;
  if (schema < -4 || schema > 8) throw fail(`the schema ${schema}`);
  let total = histogram.zeroCount ?? 0;
  for (const side of ['positive', 'negative']) {
    const counts = countsOf(histogram, side);
    const length = (histogram[`${side}Span`] ?? []).reduce((sum: number, span: Message) => sum + (span.length ?? 0), 0);
    if (length !== counts.length) throw fail(`spans of ${length} buckets for ${counts.length} deltas`);
    if (counts.some((count) => count < 0)) throw fail('a negative bucket');
    total = counts.reduce((a, b) => a + b, total);
  }
  if (total !== sampleCount) throw fail(`${total} observations in native buckets of ${sampleCount}`);
  if ((histogram.exemplars ?? []).some(({ timestamp }: Message) => !timestamp)) throw fail('an exemplar without time');
}

/** The counts of native buckets, of which the deltas tell. */
export function countsOf(histogram: Message, side: string): number[] {
  let count = 0;
  return (histogram[`${side}Delta`] ?? []).map((delta: number) => {
    count += delta;
    return count;
  });
}

function readMessage(reader: Reader, schema: Schema): Message {
  const message: Message = {};
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const field = schema[tag >>> 3];
    if (!field) throw new Error(`there is no field ${tag >>> 3}`);
    const { name, repeated } = field;
    const values = readField(reader, field, tag & 7);
    if (repeated) message[name] = [...(message[name] ?? []), ...values];
    else if (name in message) throw new Error(`the field ${name} twice`);
    else [message[name]] = values;
  }
  return message;
}

function readField(reader: Reader, { name, type, repeated }: Field, wireType: number): unknown[] {
  if (typeof type === 'object' && wireType === 2) return [readMessage(reader.part(reader.varint()), type)];
  if (type === 'string' && wireType === 2) return [reader.part(reader.varint()).text()];
  if (type === 'double' && wireType === 1) return [reader.double()];
  if (type === 'uint' && wireType === 0) return [reader.varint()];
  if (type === 'sint' && wireType === 0) return [unzigzag(reader.varint())];
  if (type === 'sint' && wireType === 2 && repeated) {
    const packed = reader.part(reader.varint());
    const values: number[] = [];
    while (!packed.isAtEnd) values.push(unzigzag(packed.varint()));
    return values;
  }
  throw new Error(`the field ${name} has wire type ${wireType}`);
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  part(length: number): Reader {
    if (this.#at + length > this.#bytes.length) throw new Error('the message is cut off');
    this.#at += length;
    return new Reader(this.#bytes.subarray(this.#at - length, this.#at));
  }

  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes);
  }
}
