import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { type HttpAnswer, type Malformed, parseAnswers } from '@payments/local-stack';

/** The beginnings of requests that ask for the page, as Node.js reads them: also those of HTTP/0.9, and of RTSP. */
const SCRAPE = /(?:GET|HEAD) +\/metrics(?:\?[^ \r\n]*)?[ \r\n]/g;

/** The same for a listener, which has a page for people beside it, and takes targets in absolute form as well. */
const VISIT_OF_LISTENER = /(?:GET|HEAD) +(?:https?:\/\/[^/? \r\n]*\/?|\/)(?:metrics)?(?:\?[^ \r\n]*)?[ \r\n]/gi;

/** How many scrapes there may be in what was sent. */
function scrapesIn({ pieces }: Malformed, scrape = SCRAPE): number {
  return pieces.join('').match(scrape)?.length ?? 0;
}

/**
 * Judges a listener of metrics: what it has sent is HTTP and has nothing of the request, only scrapes and visits are answered with a page, and
 * what HTTP leaves no doubt about is answered as that says.
 *
 * @param statuses that there may be
 */
export function judgeListener(sent: Malformed, received: Buffer, statuses: readonly number[]): void {
  const answers = answersTo(sent, received);
  for (const answer of answers) {
    assert.ok(statuses.includes(answer.status), `the status ${answer.status}`);
    assert.ok(!bodyOf(answer).includes(sent.mark), `a body has ${sent.mark}`);
  }
  assert.ok(!received.includes(sent.mark), `a head has ${sent.mark}`);
  const seen = answers.map(({ status }) => status);
  assert.ok(
    seen.filter((status) => status === 200).length <= scrapesIn(sent, VISIT_OF_LISTENER),
    `the statuses ${seen}`,
  );
  if (!sent.expected) return;
  assert.equal(seen.length, sent.expected.length, `the statuses ${seen}, in place of ${JSON.stringify(sent.expected)}`);
  for (const [index, { statuses }] of sent.expected.entries()) {
    assert.ok(
      statuses.includes(seen[index] as number),
      `the statuses ${seen}, in place of ${JSON.stringify(sent.expected)}`,
    );
    assert.ok(answers[index]?.isWhole, `the answer ${index} of ${seen} is not whole`);
  }
}

/**
 * Judges a service that answers scrapes on its own port: only they are answered with a page, and all else is answered as without
 * the agent.
 *
 * @param bare what the service answers without the agent
 */
export function judgeService(sent: Malformed, received: Buffer, bare: Buffer): void {
  const pages = answersTo(sent, received).filter(({ headers }) => headers.get('content-type')?.includes('; escaping='));
  assert.ok(pages.length <= scrapesIn(sent), `${pages.length} pages`);
  const [first, ...more] = sent.expected ?? [];
  if (more.length === 0 && String(first?.statuses) === '200')
    assert.deepEqual([pages.length, pages[0]?.status], [1, 200]);
  if (scrapesIn(sent) > 0) return;
  // A reset, of either side, may cost the client the rest of what was sent to it.
  const [longer, shorter] = [received, bare].map(withoutDate).sort((a, b) => b.length - a.length);
  assert.ok(longer?.startsWith(shorter ?? ''), `${received}, and without the agent ${bare}`);
}

function answersTo({ expected }: Malformed, received: Buffer): HttpAnswer[] {
  const answers = parseAnswers(received, expected ? (index) => expected[index]?.isHead : () => undefined);
  return answers.filter(({ status }) => status !== 100);
}

/** As it was before it was compressed. */
function bodyOf({ headers, body, isWhole }: HttpAnswer): Buffer {
  return headers.get('content-encoding') === 'gzip' && isWhole && body.length > 0 ? gunzipSync(body) : body;
}

function withoutDate(received: Buffer): string {
  return received.toString('latin1').replace(/^Date: .*$/gm, 'Date');
}
