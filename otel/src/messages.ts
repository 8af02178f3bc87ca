import { writeSync } from 'node:fs';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { registered } from './api-globals.ts';
import { printable } from './printable.ts';
import type { Config } from './settings.ts';

/** Levels by the words of OTEL_LOG_LEVEL. */
const LEVELS: Record<Config['OTEL_LOG_LEVEL'], DiagLogLevel> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

/**
 * One line on stderr, with a prefix that says whose it is. stdout belongs to the service. Written at once and past
 * `process.stderr`, which the service may have replaced or not yet made; a stderr that is closed or full costs the line.
 */
function say(message: string): void {
  try {
    writeSync(2, `otel: ${printable(message).replaceAll('\n', '\n      ')}\n`);
  } catch {
    // There is nowhere left to say it.
  }
}

/** What the exporters say of every attempt that failed; what came of it is said once, by who gave them the spans. */
const EXPORTS = /^Export (?:retry|failed)/;

/** What the API says, with a stack, of each of its parts for which somebody else has been there before. */
const SECOND_SDK = /duplicate registration of API/;

/** What is said of every span or every export, when it is true of one: the first says it for all. */
const REPEATED =
  /Dropping extra|Dropped \d+ (?:events|links)|No events allowed|Invalid attribute|on ended Span|only call end\(\)|Inconsistent start|Failed to record|deserialize response|Partial Success|is ended twice: the|ends before it begins: its|attributes: the others are|changed after its end: it|without a name or a message, the span|^Configuration: .*|^Unknown value .*|^Failed to read .*|^Client key .*|^URL p.*/;

/** What the exporters say with a stack, of variables without a name, or without what is used instead. */
const IN_OTHER_WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /^Configuration: Could not parse environment-provided export URL: (.*), falling back to undefined$/s,
    'the endpoint $1 of OTLP is not a URL; using OTEL_EXPORTER_OTLP_ENDPOINT or http://localhost:4318 instead',
  ],
  [
    /^Configuration: (\S+) is invalid, (expected .*) \(actual: (.*)\)$/s,
    '$1=$3 is not used, $2; using the default instead',
  ],
  [
    /^\S+ Export succeeded but could not deserialize response.*$/s,
    'what was sent by OTLP was answered with success and a body that is not OTLP in the protocol that is set: it is taken to have arrived',
  ],
  [
    /^Failed to read (root|client) certificate (.*file)$/,
    'the $1 certificate $2 that OTEL_EXPORTER_OTLP_… names cannot be read; going on without it',
  ],
];

/**
 * Makes OpenTelemetry's own messages lines of ours.
 *
 * @returns what ends it
 */
export function useMessagesForDiagnostics(level: Config['OTEL_LOG_LEVEL']): () => void {
  const sayOnce = once(say);
  const line = (...parts: unknown[]) => {
    const text = parts.map(textOf).join(' ');
    if (!SECOND_SDK.test(text)) return say(text);
    sayOnce(
      'there are two OpenTelemetry SDKs in this process, and the service gets the first: leave out the other one, such as that of @opentelemetry/auto-instrumentations-node/register',
    );
  };
  const info = (...parts: unknown[]) => {
    if (level !== 'info' || !EXPORTS.test(String(parts[0]))) line(...parts);
  };
  const repeated = new Set<string>();
  const warn = (...parts: unknown[]) => {
    const kind = REPEATED.exec(parts.slice(0, 2).map(textOf).join(' '))?.[0];
    if (kind !== undefined && repeated.has(kind)) return;
    if (kind !== undefined) repeated.add(kind);
    line(inOtherWords(parts.map(textOf).join(' ')));
  };
  const error = (...parts: unknown[]) => {
    if (!isOfOwnSentry(textOf(parts[0]))) warn(...parts);
  };
  const logger: DiagLogger = { error, warn, info, debug: line, verbose: line };
  const unregister = registered(() =>
    diag.setLogger(logger, { logLevel: LEVELS[level], suppressOverrideMessage: true }),
  );
  // Sentry 10 may put an API of its own in the place of the global one; what the agent says is said all the same.
  const { error: itsError, warn: itsWarn, info: itsInfo } = diag;
  const importance = { error: DiagLogLevel.ERROR, warn: DiagLogLevel.WARN, info: DiagLogLevel.INFO };
  for (const name of ['error', 'warn', 'info'] as const)
    Object.assign(diag, { [name]: LEVELS[level] >= importance[name] ? logger[name] : () => {} });
  return () => {
    Object.assign(diag, { error: itsError, warn: itsWarn, info: itsInfo });
    unregister();
  };
}

function inOtherWords(message: string): string {
  return IN_OTHER_WORDS.reduce((text, [theirs, ours]) => text.replace(theirs, ours), message);
}

/** What the API says when Sentry 10, started by the service, finds that the process has an OpenTelemetry. */
function isOfOwnSentry(message: string): boolean {
  return (
    /^Error: @opentelemetry\/api: (?:Attempted duplicate registration|Registration of version)/.test(message) &&
    /[\\/]@sentry[\\/]/.test(message)
  );
}

/** Calls `tell` once for each distinct message, and for no more than a hundred of them. */
export function once(tell: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size >= 100) return;
    said.add(message);
    tell(message);
  };
}

/** Makes the SDK, whose constructor would set a logger of its own, one that writes to stdout, and says of variables what was said. */
export function withoutItsLogger<T>(makeSdk: () => T): T {
  const { setLogger, warn } = diag;
  diag.setLogger = () => false;
  diag.warn = () => {};
  try {
    return makeSdk();
  } finally {
    Object.assign(diag, { setLogger, warn });
  }
}

function textOf(part: unknown): string {
  if (part instanceof Error) return part.stack ?? part.message;
  if (typeof part === 'string') return part;
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return '[not serializable]';
  }
}
