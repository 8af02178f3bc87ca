/** How a program is run under the agent. */
export type WayName = 'metrics' | 'spans' | 'switched off' | '--import' | 'NODE_OPTIONS';

/** What a program can see of the agent. */
interface Visible {
  /** Its name in the column `What` of docs/transparency.md. */
  readonly what: string;
  /** Of packages/acceptance/programs/transparency. */
  readonly programs: readonly string[];
  /** Matches each line that a program has more, or less, because of it. */
  readonly lines: Readonly<Partial<Record<WayName, RegExp>>>;
}

const LOADING = String.raw`at .*(?:patchedRequire|Module\d\.require) \(\./otel/dist/agent\.cjs\)$|at Module\.(?:require|<anonymous>) \(node:internal/modules/cjs/loader:`;
const REPLACED = String.raw`at \w+\.(?:write|end|sendCommand) \(\./otel/dist/agent\.cjs\)$`;

/** All that a program can see of the agent, but for its start line. */
export const VISIBLE: readonly Visible[] = [
  {
    what: '`require.cache`',
    programs: ['modules.cjs'],
    lines: {
      ...whenOn(/^cache otel\/register\.js$/),
      '--import': /^cache (?:otel\/register\.js|packages\/acceptance\/programs\/nothing\.cjs)$/,
      'switched off': /^cache otel\/register\.js$/,
    },
  },
  {
    what: '`Module.prototype._compile`',
    programs: ['modules.cjs', 'threads.cjs'],
    lines: whenOn(
      /^Module\.prototype _compile |at Module\.(?:_compile|<anonymous>) \(node:internal\/modules\/cjs\/loader:/,
    ),
  },
  {
    what: 'Stacks of errors while modules are loaded',
    programs: ['modules.cjs', 'throws-while-loading.cjs', 'contexts.cjs'],
    lines: whenOn(new RegExp(LOADING)),
  },
  {
    what: 'Stacks of errors in what is replaced',
    programs: ['stacks.cjs', 'libraries.cjs', 'more-libraries.cjs'],
    lines: whenOn(new RegExp(REPLACED)),
  },
  {
    what: 'Stacks within a span',
    programs: ['stacks.cjs', 'fetches.mjs', 'events.cjs', 'libraries.cjs', 'more-libraries.cjs'],
    lines: {
      spans:
        /at (?:(?:\w+\.)*(?:emit|emitWithin|callIn|with|run|callbackTrampoline)\b|\.\/otel\/dist\/agent\.cjs)(?: \((?:\.\/otel\/dist\/agent\.cjs|node:.*)\)$|'|,|$)/,
    },
  },
  {
    what: 'Listeners of servers and connections',
    programs: ['listeners.cjs', 'many-listeners.cjs', 'http2.cjs', 'objects.cjs'],
    lines: whenOn(
      /^(?:\S.*socket.*|server|listeners) (?:close|free|agentRemove) \d$|^socket.* close \d$|: (?:new|removed) listener close$|11 close listeners added to \[Server\]|^ +_eventsCount: \d$/,
    ),
  },
  {
    what: 'Listeners of the process',
    programs: ['process.cjs', 'signals-handled.cjs', 'threads.cjs'],
    lines: {
      ...whenOn(/^newListener \d \d$/),
      spans:
        /^(?:newListener|SIGTERM|SIGINT|exit|uncaughtExceptionMonitor) \d \d$|^first \[ 'SIGINT', 2 \] \d$|^has emit$|events: \d \}$/,
    },
  },
  {
    what: 'Symbols and hidden properties',
    programs: ['objects.cjs', 'libraries.cjs'],
    lines: {
      ...whenOn(/Symbol\(otel-register\.|^request hides push$/),
      spans: /Symbol\(otel-register\.|^request hides push$|^server hides emit$|_peername/,
    },
  },
  {
    what: 'Functions that are replaced',
    programs: ['functions.cjs'],
    lines: {
      ...whenOn(/^\w+ has Symbol\(otel-register\.replaced\)$|^process getBuiltinModule/),
      spans:
        /^\w+ has Symbol\(otel-register\.replaced\)$|^process (?:getBuiltinModule|emit)|^http (?:IncomingMessage|ServerResponse)(?: in prototype:|\.prototype emit )/,
    },
  },
  {
    what: 'Globals',
    programs: ['globals.cjs'],
    lines: {
      ...whenOn(/^V\d_PRISMA_INSTRUMENTATION$|Symbol\((?:otel-register\.loaded|opentelemetry\.js\.api\.1)\)/),
      spans: /^V\d_PRISMA_INSTRUMENTATION$|^__SENTRY__$|Symbol\((?:otel-register\.loaded|opentelemetry\.js\.api\.1)\)/,
    },
  },
  {
    what: '`async_hooks`',
    programs: ['async-hooks.cjs'],
    lines: whenOn(/^(?:DNSCHANNEL|TCPSERVERWRAP|TickObject)$/),
  },
  {
    what: 'Headers of requests that are sent',
    programs: ['fetches.mjs', 'objects.cjs'],
    lines: {
      spans:
        /traceparent|outputSize|kHeadersCount|^[<> ]*host: '127\.0\.0\.1:PORT',?$|\[ 'transfer-encoding', '[hH]ost' \]/,
    },
  },
];

function whenOn(lines: RegExp): Visible['lines'] {
  return { metrics: lines, spans: lines, '--import': lines, NODE_OPTIONS: lines };
}
