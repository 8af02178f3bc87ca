// `npm run soak`: what takes minutes and so is in no other run. SOAK_REQUESTS and SOAK_CONNECTIONS make it shorter or longer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askEcho } from '../test/support/asked-and-answered.ts';
import { type Program, startProgram } from '../test/support/program.ts';

const REQUESTS = Number(process.env.SOAK_REQUESTS ?? 1_000_000);
const CONNECTIONS = Number(process.env.SOAK_CONNECTIONS ?? 10_000);
const ROUNDS = 10;

let bare: Program;
let service: Program;
before(async () => {
  bare = await startProgram('echo.cjs', { nodeArguments: ['--expose-gc'] });
  service = await startProgram('echo.cjs', { nodeArguments: ['--expose-gc', '-r', './otel/register'] });
});
after(() => Promise.all([bare?.stop(), service?.stop()]));

async function askBoth(count: number): Promise<void> {
  const all = { answered: count, refused: 0, changed: 0, lost: 0 };
  const outcomes = await Promise.all([bare, service].map(({ url }) => askEcho(url, count, 50)));
  assert.deepEqual(outcomes, [all, all]);
}

/** Bytes of the heap that are in use, of the bare service and of the one under the agent. */
async function heaps(): Promise<number[]> {
  await (await fetch(await service.metricsUrl())).text();
  return Promise.all([bare, service].map(async ({ url }) => Number(await (await fetch(`${url}/heap`)).text())));
}

test(`${REQUESTS} requests, each to a URL of its own: none is lost or changed, and the heap does not grow`, async (t) => {
  const sizes: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await askBoth(REQUESTS / ROUNDS);
    sizes.push(await heaps());
  }
  for (const [name, of] of [
    ['bare', 0],
    ['under the agent', 1],
  ] as const) {
    t.diagnostic(
      `heap after each round, ${name}: ${sizes.map((size) => Math.round((size[of] ?? 0) / 1024)).join(' ')} KB`,
    );
  }
  const grown = (of: number) => (sizes.at(-1)?.[of] ?? 0) - (sizes[2]?.[of] ?? 0);
  assert.ok(grown(1) < grown(0) + 1_000_000, `${grown(1)} bytes more under the agent, ${grown(0)} bare`);
});

test(`${CONNECTIONS} connections at once: none is refused, and nothing stays of them`, async (t) => {
  const before = await heaps();
  // In turn, for the descriptors that this process has.
  for (const { url } of [bare, service]) {
    const outcome = await askEcho(url, 2 * CONNECTIONS, CONNECTIONS);
    assert.deepEqual(outcome, { answered: 2 * CONNECTIONS, refused: 0, changed: 0, lost: 0 });
  }
  const [first = 0, second = 0] = (await heaps()).map((size, of) => size - (before[of] ?? 0));
  t.diagnostic(`heap that stayed: ${first} bytes bare, ${second} under the agent`);
  assert.ok(second < first + 1_000_000);
});
