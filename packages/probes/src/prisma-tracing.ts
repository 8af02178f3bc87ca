import { isReplaced, type Method, overrideMethod } from './patch.ts';

/** What the tracing of Prisma, and nothing else in Prisma, tells of its spans. */
export interface PrismaSpan {
  readonly name: string;
  readonly attributes?: { readonly model?: string | undefined; readonly method?: string };
}

/** The interface that Prisma has for its tracing: it is asked for it at each step of an operation. */
interface TracingHelper {
  isEnabled(): boolean;
  getTraceParent(context?: unknown): string;
  dispatchEngineSpans(...spans: unknown[]): void;
  getActiveContext(): unknown;
  runInChildSpan(span: string | PrismaSpan, work: (...args: unknown[]) => unknown): unknown;
}

interface Tracing {
  readonly helper: TracingHelper;
}

/** What Prisma does where nobody traces it. */
const NONE: TracingHelper = {
  isEnabled: () => false,
  getTraceParent: () => '00-10-10-00',
  dispatchEngineSpans() {},
  getActiveContext() {},
  runInChildSpan: (_span, work) => work(),
};

const globals: Record<string, unknown> = globalThis as never;

/** Prisma looks here when there is nothing under the name for its own major version. */
const SHARED_NAME = 'PRISMA_INSTRUMENTATION';

/**
 * Watches what one major version of Prisma would trace, where Prisma looks for a tracer: wherever the client was generated
 * and however it is loaded. A tracer that the service has, or sets later, goes on as it is.
 */
export class PrismaTracing {
  readonly #name: string;
  readonly #wrap: (original: Method) => Method;
  readonly #own: Tracing;
  #theirs: Tracing | undefined;
  #isStarted = false;

  /** @param wrap of `runInChildSpan` */
  constructor(major: number, wrap: (original: Method) => Method) {
    this.#name = `V${major}_${SHARED_NAME}`;
    this.#wrap = wrap;
    const shared = () => (globals[SHARED_NAME] as Tracing | undefined)?.helper ?? NONE;
    this.#own = {
      helper: {
        isEnabled: () => shared().isEnabled(),
        getTraceParent: (context) => shared().getTraceParent(context),
        dispatchEngineSpans: (...spans) => shared().dispatchEngineSpans(...spans),
        getActiveContext: () => shared().getActiveContext(),
        runInChildSpan: wrap((span, work) => shared().runInChildSpan(span, work)),
      },
    };
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#take(globals[this.#name] as Tracing | undefined);
    Object.defineProperty(globals, this.#name, {
      configurable: true,
      get: () => this.#theirs ?? this.#own,
      set: (tracing: Tracing | undefined) => this.#take(tracing),
    });
  }

  stop(): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    Reflect.deleteProperty(globals, this.#name);
    if (this.#theirs) globals[this.#name] = this.#theirs;
  }

  #take(tracing: Tracing | undefined): void {
    this.#theirs = tracing;
    const helper = tracing?.helper;
    if (helper && !isReplaced(helper.runInChildSpan)) overrideMethod(helper, 'runInChildSpan', this.#wrap);
  }
}
