import protobuf from 'protobufjs';

/** As much of opentelemetry/proto/collector/trace/v1/trace_service.proto (opentelemetry-proto 1.9) as spans need. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message Scope { string name = 1; string version = 2; }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    repeated Event events = 11;
    Status status = 15;
    fixed32 flags = 16;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5;
    }
  }
`);
const request = root.lookupType('ExportTraceServiceRequest');

type Attributes = Readonly<Record<string, unknown>>;

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly milliseconds: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  /** Code 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly scope: string;
  readonly resource: Attributes;
}

// biome-ignore lint/suspicious/noExplicitAny: a message is whatever the exporter made of it
type Message = any;

/** The spans of an export request in protobuf. @throws Error when it is not one */
export function spansOfProtobuf(bytes: Uint8Array): ReceivedSpan[] {
  return spansOf(request.toObject(request.decode(bytes), { longs: Number, bytes: Buffer, defaults: true }));
}

/** The spans of an export request in OTLP's JSON, in which ids are hexadecimal. @throws Error when it is not one */
export function spansOfJson(text: string): ReceivedSpan[] {
  return spansOf(JSON.parse(text));
}

function spansOf({ resourceSpans }: Message): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }: Message) =>
    scopeSpans.flatMap(({ scope, spans }: Message) =>
      spans.map((span: Message) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        name: span.name,
        kind: span.kind,
        milliseconds: (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6,
        attributes: attributesOf(span.attributes),
        events: (span.events ?? []).map(({ name, attributes }: Message) => ({
          name,
          attributes: attributesOf(attributes),
        })),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
        scope: scope.name,
        resource: attributesOf(resource.attributes),
      })),
    ),
  );
}

function hex(id: Buffer | string | undefined): string {
  return typeof id === 'string' ? id : (id?.toString('hex') ?? '');
}

function attributesOf(pairs: Message = []): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }: Message) => [key, plain(value)]));
}

function plain(value: Message): unknown {
  if (value.arrayValue) return value.arrayValue.values.map(plain);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue;
}
