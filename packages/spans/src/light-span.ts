import {
  type Attributes,
  type AttributeValue,
  diag,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import {
  AddAttributeDecision,
  addHrTimes,
  cleanAttributes,
  cleanSimpleAttributes,
  hrTime,
  hrTimeDuration,
  isTimeInput,
  isTimeInputHrTime,
  maybeAddAttribute,
  millisToHrTime,
} from '@opentelemetry/core';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';

/** Of attributes, events and links (specification, "Span limits"). */
const MOST = 128;
const LIMITS = { attributeCountLimit: MOST, attributeValueLengthLimit: Number.POSITIVE_INFINITY };

const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
const NO_EVENTS: TimedEvent[] = [];
const NO_LINKS: Link[] = [];

/** What all spans of a tracer have. */
export interface SpanOrigin extends Pick<ReadableSpan, 'resource' | 'instrumentationScope'> {
  /** Told of each when it ends. */
  readonly onEnd: (span: ReadableSpan) => void;
}

/**
 * A span that does what the SDK's does with the limits that nobody has set, and costs a fraction: an attribute is looked at once,
 * times are numbers until they are read, and what most spans have none of is made with the first of it.
 *
 * Its fields are private to the compiler only: who processes spans may wrap them in objects that inherit from them.
 */
export class LightSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes = {};
  /** Undefined where there is none, as the SDK's has it, which declares that it may be missing. */
  readonly parentSpanContext: SpanContext;
  links = NO_LINKS;
  events = NO_EVENTS;
  status = UNSET;
  ended = false;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  private readonly _origin: SpanOrigin;
  private readonly _context: SpanContext;
  /** In milliseconds since the epoch. */
  private readonly _began = Date.now();
  /** In milliseconds, as `performance.now()` tells them. */
  private readonly _startedAt = performance.now();
  private _endedAt: number | HrTime = 0;
  private _attributesCount = 0;

  constructor(
    origin: SpanOrigin,
    context: SpanContext,
    parent: SpanContext | undefined,
    name: string,
    kind: SpanKind,
    attributes: Attributes | undefined,
  ) {
    this._origin = origin;
    this._context = context;
    this.parentSpanContext = parent as SpanContext;
    this.name = name;
    this.kind = kind;
    for (const key in attributes) {
      if (!Object.hasOwn(attributes, key) || this._set(key, attributes[key])) continue;
      // Of those that it begins with, what cannot be told is counted as well.
      this.droppedAttributesCount++;
    }
  }

  get resource(): ReadableSpan['resource'] {
    return this._origin.resource;
  }

  get instrumentationScope(): ReadableSpan['instrumentationScope'] {
    return this._origin.instrumentationScope;
  }

  get startTime(): HrTime {
    return millisToHrTime(this._began);
  }

  get endTime(): HrTime {
    if (!this.ended) return [0, 0];
    return typeof this._endedAt === 'number' ? this._timeAt(this._endedAt) : this._endedAt;
  }

  get duration(): HrTime {
    return this.ended ? hrTimeDuration(this.startTime, this.endTime) : [-1, -1];
  }

  spanContext(): SpanContext {
    return this._context;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: AttributeValue | undefined): this {
    if (this._isOpen()) this._set(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (!this._isOpen()) return this;
    for (const key in attributes) if (Object.hasOwn(attributes, key)) this._set(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this._isOpen()) return this;
    if (this.events === NO_EVENTS) this.events = [];
    if (this.events.length === MOST) {
      this.events.shift();
      this.droppedEventsCount++;
    }
    const [attributes, at] = isTimeInput(attributesOrTime)
      ? [undefined, time ?? attributesOrTime]
      : [attributesOrTime, time];
    this.events.push({ name, time: this._timeOf(at), ...cleanSimpleAttributes(attributes, LIMITS) });
    return this;
  }

  addLink({ context, attributes }: Link): this {
    if (!this._isOpen()) return this;
    if (this.links === NO_LINKS) this.links = [];
    if (this.links.length === MOST) {
      this.links.shift();
      this.droppedLinksCount++;
    }
    this.links.push({ context, ...cleanAttributes(attributes, LIMITS) });
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    if (!this._isOpen() || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this;
    this.status = code === SpanStatusCode.ERROR && typeof message === 'string' ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (this._isOpen()) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { code, name, message, stack } = typeof exception === 'string' ? { message: exception } : (exception ?? {});
    const attributes: Attributes = {};
    const type = code ? code.toString() : name;
    if (type) attributes['exception.type'] = type;
    if (message) attributes['exception.message'] = message;
    if (stack) attributes['exception.stacktrace'] = stack;
    if (type || message) this.addEvent('exception', attributes, time);
    else diag.warn(`of what is thrown without a name or a message, the span ${this.name} tells nothing`);
  }

  end(time?: TimeInput): void {
    if (this.ended) {
      diag.warn(`the span ${this.name} is ended twice: the first time counts`);
      return;
    }
    this._endedAt = time === undefined ? performance.now() : this._timeOf(time);
    this.ended = true;
    // By the clock that cannot jump it does not.
    if (time !== undefined && this.duration[0] < 0) {
      diag.warn(`the span ${this.name} ends before it begins: its duration is 0`);
      this._endedAt = this.startTime;
    }
    this._origin.onEnd(this);
  }

  /** @returns false when it is none that can be told */
  private _set(key: string, value: AttributeValue | undefined): boolean {
    if (value === undefined) return true;
    const { attributes } = this;
    if ((typeof value === 'string' || typeof value === 'number') && key !== '') {
      const isNew = !Object.hasOwn(attributes, key);
      if (!isNew || this._attributesCount < MOST) {
        attributes[key] = value;
        if (isNew) this._attributesCount++;
        return true;
      }
    }
    const currentAttributesCount = this._attributesCount;
    const decision = maybeAddAttribute({ key, value, attributes, limits: LIMITS, currentAttributesCount });
    if (decision === AddAttributeDecision.ADD_NEW) this._attributesCount++;
    else if (decision === AddAttributeDecision.DROP_LIMIT_REACHED && this.droppedAttributesCount++ === 0)
      diag.warn(`the span ${this.name} has more than ${MOST} attributes: the others are left out`);
    return decision !== AddAttributeDecision.DROP_INVALID;
  }

  private _isOpen(): boolean {
    if (this.ended) diag.warn(`the span ${this.name} is changed after its end: it stays as it is`);
    return !this.ended;
  }

  /** By the clock that cannot jump, from the beginning on. */
  private _timeAt(milliseconds: number): HrTime {
    return addHrTimes(this.startTime, millisToHrTime(milliseconds - this._startedAt));
  }

  private _timeOf(input: TimeInput | undefined): HrTime {
    if (input === undefined) return this._timeAt(performance.now());
    if (isTimeInputHrTime(input)) return input;
    if (typeof input === 'object') return millisToHrTime((input as Date).getTime());
    // Small numbers are of `performance.now()`, whose beginning the wall clock has moved away from.
    if (input > performance.now()) return millisToHrTime(input);
    return hrTime(input + (this._began - (this._startedAt + performance.timeOrigin)));
  }
}
