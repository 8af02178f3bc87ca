import { helpText } from '../help.ts';
import { examine } from './doctor.ts';
import { onTerminal } from './on-terminal.ts';
import { printedConfig } from './printed-config.ts';

/** What the command line runs with. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The file of the agent. */
  readonly agent: string;
  /** The main file of the service, where it is named. */
  readonly main?: string;
}

const COMMANDS: Readonly<Record<string, (surroundings: Surroundings) => number | Promise<number>>> = {
  '--help': () => print(helpText()),
  '--doctor': async (surroundings) => {
    const sections = await examine(surroundings);
    print(onTerminal(sections, process.stdout, surroundings.env));
    return sections.some(({ findings }) => findings.some(({ mark }) => mark === 'wrong')) ? 1 : 0;
  },
  '--print-config': (surroundings) => print(`${JSON.stringify(printedConfig(surroundings), undefined, 2)}\n`),
};

/**
 * Runs what `node otel/register` is asked for on its command line, `--help` unless it is asked for something.
 *
 * @returns the exit code: 1 where something is wrong, 2 where the command line cannot be understood
 */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = args.filter((argument) => argument.startsWith('-'));
  const [option = '--help', ...others] = options;
  const [main, ...rest] = args.filter((argument) => !argument.startsWith('-'));
  const command = COMMANDS[option];
  if (command === undefined) return misunderstood(`there is no option ${option}`);
  const surplus = others[0] ?? rest[0] ?? (option === '--help' ? main : undefined);
  if (surplus !== undefined) return misunderstood(`${surplus} is one argument too many`);
  return command({ ...surroundings, ...(main !== undefined && { main }) });
}

function misunderstood(why: string): number {
  const known = Object.keys(COMMANDS).join(', ');
  process.stderr.write(`otel: ${why}; there are ${known}. To run a service: node -r ./otel/register dist/main.js\n`);
  return 2;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
