import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import {
  ensureCommand,
  freePort,
  type ManagedProcess,
  outputTail,
  repositoryRoot,
  startProcess,
  throwAwayFolder,
} from '@payments/local-stack';
import { codeBlocks, readDocument } from './support/markdown.ts';
import { prometheusApi } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const BLOCKS = codeBlocks(readDocument('docs/getting-started.md'));

/** The ports that the guide names, of the service, its page and Prometheus: here others are taken, which are free. */
const PORTS = ['3000', '9464', '9090'] as const;

const undo: Array<() => unknown> = [];
after(async () => {
  for (const step of undo.reverse()) await step();
});

/** What came of doing what the guide says. */
interface Followed {
  /** What the commands that have ended have printed. */
  readonly outputs: string[];
  readonly running: ManagedProcess[];
  readonly prometheus: string;
  readonly queries: string[];
}

/** Does in an empty folder what the guide says for a kind of service. */
async function follow(kind: string): Promise<Followed> {
  const folder = throwAwayFolder();
  undo.push(() => folder.remove());
  const ports = await Promise.all(PORTS.map(freePort));
  const [, pagePort, prometheusPort] = ports;
  const env = {
    ...process.env,
    PATH: `${dirname(await ensureCommand('prometheus', 'prometheus'))}:${process.env.PATH}`,
    AGENT: join(repositoryRoot, 'otel'),
    OTEL_EXPORTER_PROMETHEUS_PORT: String(pagePort),
  };
  const shell = (command: string) => startProcess('bash', ['-c', command], { cwd: folder.path, env });
  const prometheus = `http://localhost:${prometheusPort}`;
  const followed: Followed = { outputs: [], running: [], prometheus, queries: [] };

  for (const { language, words, text } of BLOCKS) {
    if (words.only !== undefined && !words.only.split(',').includes(kind)) continue;
    const here = PORTS.reduce((all, port, index) => all.replaceAll(port, String(ports[index])), text);
    if (words.file !== undefined) {
      const file = join(folder.path, words.file);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, here);
    } else if (words.run !== undefined) {
      followed.outputs.push(await runToEnd(here, shell, words.run === 'whatever-it-finds'));
    } else if (words.start !== undefined) {
      const running = await shell(here);
      undo.push(() => running.stop());
      followed.running.push(running);
    } else if (language === 'promql') {
      followed.queries.push(here);
    }
  }
  return followed;
}

/** What a command has printed; one that asks for numbers is asked again, as they come a moment after the start. */
async function runToEnd(
  command: string,
  shell: (command: string) => Promise<ManagedProcess>,
  mayFail: boolean,
): Promise<string> {
  let output = '';
  await until(`${command} succeeds`, async () => {
    const running = await shell(command);
    const { code } = await running.exited;
    output = running.stdout();
    const isDone = code === 0 || mayFail;
    assert.ok(isDone || command.startsWith('curl'), `${command}: ${outputTail(running)}`);
    return isDone;
  });
  return output;
}

for (const kind of ['express', 'fastify', 'nest']) {
  test(`who does in an empty folder what docs/getting-started.md says has the numbers of ${kind} in Prometheus`, async () => {
    const { outputs, running, prometheus, queries } = await follow(kind);
    const printed = outputs.join('');
    assert.match(printed, /^http_server_requests_total\{.*http_route="\/orders\/:id"\} [1-9]/m);
    assert.match(printed, /✔ node:http .* by the probe http$/m);
    assert.equal(running.length, 3);
    assert.equal(queries.length, 5);
    for (const query of queries) {
      const asked = `query?query=${encodeURIComponent(query)}`;
      const hasData = async () => {
        for (const each of running) assert.ok(each.running, outputTail(each));
        const { result } = await prometheusApi(prometheus, asked).catch(() => ({ result: [] }));
        return result.length > 0 && result.every(({ value }: { value: [number, string] }) => Number(value[1]) > 0);
      };
      await until(`${query} returns data`, hasData, 60_000);
    }
  });
}
