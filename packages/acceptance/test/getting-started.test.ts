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
import { codeBlocks, readDocument } from './support/document.ts';
import { prometheusApi } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const BLOCKS = codeBlocks(readDocument('docs/getting-started.md'));

/** The ports that the guide names: here others are taken, which are free. */
const PORTS = ['3000', '9464', '9090'] as const;

const undo: Array<() => unknown> = [];
after(async () => {
  for (const step of undo.reverse()) await step();
});

for (const kind of ['express', 'fastify', 'nest']) {
  test(`who does in an empty folder what docs/getting-started.md says has the numbers of ${kind} in Prometheus`, async () => {
    const folder = throwAwayFolder();
    undo.push(() => folder.remove());
    const prometheus = await ensureCommand('prometheus', 'prometheus');
    const ports = await Promise.all(PORTS.map(freePort));
    const [, , prometheusPort] = ports;
    const env = {
      PATH: `${dirname(prometheus)}:${process.env.PATH}`,
      HOME: process.env.HOME,
      AGENT: join(repositoryRoot, 'otel'),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(ports[1]),
    };
    const shell = (command: string) => startProcess('bash', ['-c', command], { cwd: folder.path, env });
    const started: ManagedProcess[] = [];
    const outputs: string[] = [];
    const queries: string[] = [];

    for (const { language, words, text } of BLOCKS) {
      if (words.only !== undefined && !words.only.split(',').includes(kind)) continue;
      const here = PORTS.reduce((all, port, index) => all.replaceAll(port, String(ports[index])), text);
      if (words.file !== undefined) {
        const file = join(folder.path, words.file);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, here);
      } else if (words.run !== undefined) {
        await until(`${here} succeeds`, async () => {
          const running = await shell(here);
          const { code } = await running.exited;
          outputs.push(running.stdout());
          // What asks for numbers is asked again: they come a moment after the start.
          const isDone = code === 0 || words.run === 'whatever-it-finds';
          if (!isDone && !here.startsWith('curl')) assert.fail(`${here}: ${outputTail(running)}`);
          return isDone;
        });
      } else if (words.start !== undefined) {
        const running = await shell(here);
        started.push(running);
        undo.push(() => running.stop());
      } else if (language === 'promql') {
        queries.push(here);
      }
    }

    assert.ok(
      outputs.some((output) => /^http_server_requests_total\{.*http_route="\/orders\/:id"\} [1-9]/m.test(output)),
    );
    assert.ok(outputs.some((output) => /✔ node:http .* by the probe http$/m.test(output)));
    assert.equal(queries.length, 5);
    for (const query of queries) {
      const asked = `query?query=${encodeURIComponent(query)}`;
      const hasData = async () => {
        const exited = started.find(({ running }) => !running);
        assert.equal(exited && outputTail(exited), undefined);
        const { result } = await prometheusApi(`http://localhost:${prometheusPort}`, asked).catch(() => ({
          result: [],
        }));
        return result.length > 0 && result.every(({ value }: { value: [number, string] }) => Number(value[1]) > 0);
      };
      await until(`${query} returns data`, hasData, 60_000);
    }
  });
}
