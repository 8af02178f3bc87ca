import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';
import { type Collector, startCollector } from './support/collector.ts';
import { differentLines } from './support/different-lines.ts';
import { runProgram } from './support/program.ts';
import { VISIBLE, type WayName } from './support/visible-differences.ts';

/** How a program is run under the agent, and how it is run bare to compare it with. */
interface Way {
  readonly name: string;
  /** What can be seen of it. */
  readonly visible: WayName;
  readonly nodeArguments: string[];
  readonly bare: string[];
  readonly env?: Record<string, string>;
}

const REGISTER = ['-r', './otel/register'];
/** Node itself begins otherwise where there is an `--import`, whatever it names. */
const IMPORTING_NOTHING = ['--import', './packages/acceptance/programs/nothing.cjs'];

let collector: Collector;
before(async () => {
  collector = await startCollector();
});
after(() => collector.stop());

const ways: Way[] = [
  { name: 'metrics', visible: 'metrics', nodeArguments: REGISTER, bare: [] },
  {
    name: 'spans',
    visible: 'spans',
    nodeArguments: REGISTER,
    bare: [],
    get env() {
      return { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
    },
  },
  {
    name: 'spans on the console',
    visible: 'spans',
    nodeArguments: REGISTER,
    bare: [],
    env: { OTEL_TRACES_EXPORTER: 'console' },
  },
  {
    name: 'switched off',
    visible: 'switched off',
    nodeArguments: REGISTER,
    bare: [],
    env: { OTEL_SDK_DISABLED: 'true' },
  },
  { name: '--import', visible: '--import', nodeArguments: ['--import', './otel/register.js'], bare: IMPORTING_NOTHING },
  {
    name: 'NODE_OPTIONS',
    visible: 'NODE_OPTIONS',
    nodeArguments: [],
    bare: [],
    env: { NODE_OPTIONS: REGISTER.join(' ') },
  },
];

const folder = join(repositoryRoot, 'packages/acceptance/programs/transparency');
const programs = readdirSync(folder).filter((file) => /\.[cm]js$/.test(file));
/** How they end where it is not with exit code 0. */
const ENDS: Readonly<Record<string, string | number>> = {
  'before-exit.cjs': 4,
  'exit-in-handler.cjs': 7,
  'rejection-ends.mjs': 1,
  'sighup-unhandled.cjs': 'SIGHUP',
  'sigint-unhandled.cjs': 'SIGINT',
  'signal-twice.cjs': 'SIGTERM',
  'sigterm-unhandled.cjs': 'SIGTERM',
  'throws-while-loading.cjs': 1,
  'top-level-await.mjs': 13,
  'uncaught.cjs': 1,
};
const seen = new Set<string>();

for (const program of programs) {
  describe(`nothing changes for ${program}`, { concurrency: 3 }, () => {
    const bareRuns = new Map<string, Promise<string>>();
    for (const way of ways) {
      test(way.name, async () => {
        let differences: string[] | undefined;
        // In some programs it is chance what comes first: a difference is one that is there each time.
        for (let attempt = 0; attempt < 5; attempt++) {
          const key = `${way.bare} ${attempt}`;
          const bare = bareRuns.get(key) ?? observed(program, way.bare);
          bareRuns.set(key, bare);
          assert.match(await bare, new RegExp(`^ended with ${ENDS[program] ?? 0}\n`));
          const found = differentLines(await bare, await observed(program, way.nodeArguments, way.env));
          const unknown = found.filter((line) => !isKnown(line, program, way.visible));
          differences = differences?.filter((line) => unknown.includes(line)) ?? unknown;
          if (differences.length === 0) return;
        }
        assert.deepEqual(differences, []);
      });
    }
  });
}

test('docs/transparency.md has just the differences that were seen', () => {
  const page = readFileSync(join(repositoryRoot, 'docs/transparency.md'), 'utf8');
  const rows = Array.from(page.matchAll(/^\| (?!What |---)(.*?) \|/gm), ([, what]) => what);
  assert.deepEqual(
    rows,
    VISIBLE.map(({ what }) => what),
  );
  assert.deepEqual([...seen].sort(), rows.sort());
});

function isKnown(line: string, program: string, way: WayName): boolean {
  const known = VISIBLE.find((each) => each.programs.includes(program) && each.lines[way]?.test(line.slice(2)));
  if (known) seen.add(known.what);
  return known !== undefined;
}

/** All that a run of a program shows, without what is another each time. */
async function observed(program: string, nodeArguments: string[], env = {}): Promise<string> {
  const options = { nodeArguments: ['--stack-trace-limit=100', ...nodeArguments], env };
  const { code, signal, stdout, stderr } = await runProgram(join('transparency', program), options);
  return `ended with ${signal ?? code}\n--- stdout\n${stdout.replaceAll(PRINTED_SPAN, '')}--- stderr\n${stderr.replace(START_LINE, '')}`
    .replaceAll(resolve(repositoryRoot), '.')
    .replaceAll(/\b127\.0\.0\.1:\d{2,}/g, '127.0.0.1:PORT')
    .replaceAll(/\(node:\d+\)/g, '(node:PID)')
    .replaceAll(/(agent(?:\.cold)?\.cjs):\d+:\d+/g, '$1')
    .replaceAll(TIMING, '');
}

const START_LINE = /^otel: metrics of \S+ on http:\/\/localhost:\d+\/metrics\n/m;
/** It is printed by request. */
const PRINTED_SPAN = /^\{\n {2}resource: \{[\s\S]*?\n\}\n/gm;
/** Which of Node's own queues a promise is settled from. */
const TIMING = /^ +at .*\(node:internal\/(?:process\/task_queues|timers):.*\n/gm;
