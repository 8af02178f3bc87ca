/** OpenTelemetry spans in, the bytes of an OTLP request out: a pure function, apart from what is remembered of attributes. */
export { encodeSpans } from './spans.ts';
