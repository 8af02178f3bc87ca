export interface PrintedSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly name: string;
  /** What made it, as `http` of `@otel-register/probe-http` or `@opentelemetry/instrumentation-http`. */
  readonly library: string | undefined;
}

/** The spans that OTEL_TRACES_EXPORTER=console printed between the lines of the program's own output. */
export function printedSpans(stdout: string): PrintedSpan[] {
  return Array.from(stdout.matchAll(/^\{\n[\s\S]*?^\}$/gm), ([text]) => {
    const find = (pattern: RegExp) => pattern.exec(text)?.[1];
    return {
      traceId: find(/^ {2}traceId: '(\w+)'/m) ?? '',
      id: find(/^ {2}id: '(\w+)'/m) ?? '',
      parent: find(/^ {2}parentSpanContext: \{[^}]*spanId: '(\w+)'/m),
      name: find(/^ {2}name: ['"`](.*)['"`],$/m) ?? '',
      library: find(/'@(?:opentelemetry\/instrumentation|otel-register\/probe)-([\w-]+)'/),
    };
  });
}
