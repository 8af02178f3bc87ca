/** One answer of a server, as it came over the wire. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** False of the last one where the connection ended before it did. */
  readonly isWhole: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [A-Z][A-Za-z -]*$/;
const FIELD = /^([!#$%&'*+.^_`|~\dA-Za-z-]+): ([\t\x20-\x7e]*)$/;

/**
 * Reads all that a server has sent on a connection, more strictly than clients do.
 *
 * @param isHead whether the request of that place was HEAD, whose answer has no body; undefined where nobody knows
 * @throws Error that says what is no HTTP
 */
export function parseAnswers(bytes: Buffer, isHead: (index: number) => boolean | undefined): HttpAnswer[] {
  const answers: HttpAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) {
      if (!'HTTP/1.1 '.startsWith(rest.toString('latin1', 0, 9)))
        throw new Error(`no answer begins like this: ${shown(rest)}`);
      break;
    }
    const { status, headers } = parseHead(rest.toString('latin1', 0, end));
    rest = rest.subarray(end + 4);
    const hasBody = status !== 100 && !(isHead(answers.length) ?? (rest.length === 0 || isAnswer(rest)));
    const { body, length, isWhole } = hasBody
      ? parseBody(rest, headers)
      : { body: Buffer.alloc(0), length: 0, isWhole: true };
    answers.push({ status, headers, body, isWhole });
    rest = rest.subarray(length);
  }
  return answers;
}

function isAnswer(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 9) === 'HTTP/1.1 ';
}

function parseHead(text: string): { status: number; headers: Map<string, string> } {
  const [first = '', ...lines] = text.split('\r\n');
  const [, status] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) throw new Error(`no status line: ${shown(first)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD.exec(line) ?? [];
    if (name === '') throw new Error(`no header: ${shown(line)}`);
    if (headers.has(name.toLowerCase())) throw new Error(`a header twice: ${shown(line)}`);
    headers.set(name.toLowerCase(), value);
  }
  return { status: Number(status), headers };
}

interface Body {
  readonly body: Buffer;
  /** Of all that it takes on the wire. */
  readonly length: number;
  readonly isWhole: boolean;
}

function parseBody(bytes: Buffer, headers: ReadonlyMap<string, string>): Body {
  const length = headers.get('content-length');
  const encoding = headers.get('transfer-encoding');
  if (length !== undefined && encoding !== undefined) throw new Error('the length is said in two ways');
  if (length === undefined && encoding === undefined) {
    if (headers.get('connection') !== 'close') throw new Error('the length is not said');
    return { body: bytes, length: bytes.length, isWhole: true };
  }
  if (encoding !== undefined) {
    if (encoding !== 'chunked') throw new Error(`the encoding ${encoding}`);
    return parseChunks(bytes);
  }
  if (!/^\d+$/.test(length ?? '')) throw new Error(`the length ${length}`);
  const body = bytes.subarray(0, Number(length));
  return { body, length: body.length, isWhole: body.length === Number(length) };
}

function parseChunks(bytes: Buffer): Body {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return { body: Buffer.concat(chunks), length: bytes.length, isWhole: false };
    const size = bytes.toString('latin1', at, end);
    if (!/^[\da-f]+$/i.test(size)) throw new Error(`a chunk of ${shown(size)} bytes`);
    const [from, to] = [end + 2, end + 2 + Number.parseInt(size, 16)];
    if (bytes.length < to + 2) return { body: Buffer.concat(chunks), length: bytes.length, isWhole: false };
    if (bytes.toString('latin1', to, to + 2) !== '\r\n') throw new Error('a chunk that is longer than it says');
    chunks.push(bytes.subarray(from, to));
    at = to + 2;
    if (to === from) return { body: Buffer.concat(chunks), length: at, isWhole: true };
  }
}

function shown(bytes: Buffer | string): string {
  return JSON.stringify(typeof bytes === 'string' ? bytes.slice(0, 200) : bytes.toString('latin1', 0, 200));
}
