import { parseArgs } from 'node:util';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { Load } from './send-load.ts';

export interface LoadOptions extends Load {
  scenario: Scenario | undefined;
}

export const LOAD_HELP = `npm run load [-- --rate 20 --duration 60 --users 20 --scenario <name>]

Realistic traffic through the gateway: people register, log in, pay, capture, cancel, refund, read the same payments and
profiles again and again, and now and then send something wrong.

  --rate      requests a second (default 20)
  --duration  seconds; 0 until Ctrl-C (default 60; with a scenario 180)
  --users     how many people send them (default 20); the gateway limits each to 600 requests a minute
  --url       the gateway (default API_GATEWAY_URL, else http://localhost:3000)
  --scenario  trouble in the middle half of the time, for the system that npm start runs on this machine:

${scenarios.map(helpOf).join('\n\n')}

What a scenario changes is undone at its end, with Ctrl-C, and when it is killed.
Exit status 1 when an answer was not the expected one; of a scenario, when it could not be played.`;

function helpOf({ name, summary, story }: Scenario): string {
  return [`  ${name}: ${summary}.`, ...story.during.slice(1).map((line) => `    ${line}`)].join('\n');
}

/**
 * @returns undefined when help is asked for
 * @throws Error that names the option, its value and what is expected
 */
export function loadOptions(args: string[], environment: NodeJS.ProcessEnv): LoadOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      rate: text,
      duration: text,
      users: text,
      url: text,
      scenario: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const scenario = values.scenario === undefined ? undefined : scenarioNamed(values.scenario);
  if (scenario && values.url !== undefined)
    throw new Error(
      `--url is ${JSON.stringify(values.url)}: a scenario is for the system that npm start runs, and for no other`,
    );
  const url = values.url ?? environment.API_GATEWAY_URL ?? 'http://localhost:3000';
  if (!URL.canParse(url))
    throw new Error(`--url is ${JSON.stringify(url)}: expected a URL such as http://localhost:3000`);
  return {
    url: url.replace(/\/$/, ''),
    rate: number('rate', values.rate ?? '20', { above: 0, most: 10_000 }),
    duration: scenario
      ? number('duration', values.duration ?? '180', { above: 0, most: 3600 })
      : number('duration', values.duration ?? '60', { above: -1, most: 7 * 24 * 3600 }),
    users: Math.floor(number('users', values.users ?? '20', { above: 0, most: 10_000 })),
    scenario,
  };
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return found;
  const names = scenarios.map((scenario) => scenario.name).join(', ');
  throw new Error(`--scenario is ${JSON.stringify(name)}: expected one of ${names}`);
}

function number(name: string, text: string, { above, most }: { above: number; most: number }): number {
  const value = Number(text);
  if (text.trim() !== '' && value > above && value <= most && (name !== 'users' || Number.isInteger(value)))
    return value;
  const least = above < 0 ? 'from 0' : name === 'users' ? 'from 1' : 'above 0';
  throw new Error(`--${name} is ${JSON.stringify(text)}: expected a number ${least} to ${most}`);
}
