import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Traffic } from './connection-traffic.ts';
import { type Program, startProgram } from './program.ts';

/** What the tests of one version of a library work with; `service` and `traffic` are there once they run. */
interface ConnectionsUnderTest {
  /** What the names of the metrics begin with. */
  readonly metrics: string;
  /** The program with the library's server, and the one with its client: mostly the same. */
  readonly serverProgram: string;
  readonly program: string;
  readonly libraries: string;
  readonly service: () => Program;
  readonly traffic: () => Traffic;
  /** The steps that end the connections of the step `open`, and how they end them. */
  readonly endings: readonly (readonly [step: string, how: string])[];
}

/** Defines what is alike for all libraries whose connections stay. */
export function defineTestsOfConnections(under: ConnectionsUnderTest): void {
  const { metrics, serverProgram, program, libraries, service, traffic, endings } = under;

  for (const [step, how] of endings) {
    test(`connections are open until they are ${how}`, async () => {
      await traffic().open(0, 0);
      await service().step('open');
      await traffic().open(3, 3);
      await service().step(step);
      await traffic().open(0, 0);
    });
  }

  test('when the server is killed, no connection is left open', async () => {
    const other = await startProgram(serverProgram, { nodeArguments: [], env: { LIBRARIES: libraries } });
    const client = await startProgram(program, {
      env: { LIBRARIES: libraries, SERVER: (await other.step('url')) as string },
    });
    try {
      const seen = new Traffic(client, metrics);
      await client.step('open');
      await seen.open(0, 3);
      process.kill(other.pid, 'SIGKILL');
      await seen.open(0, 0);
    } finally {
      await client.stop();
      await other.stop();
    }
  });

  test('a service sees of its connections what it sees without the agent', async (t) => {
    const bare = await startProgram(program, { nodeArguments: [], env: { LIBRARIES: libraries } });
    t.after(() => bare.stop());
    assert.deepEqual(await service().step('seen'), await bare.step('seen'));
  });
}
