import { parseArgs } from 'node:util';

export interface LoadOptions {
  /** The gateway, with no slash at the end. */
  url: string;
  /** Requests a second. */
  rate: number;
  /** Seconds; 0 until Ctrl-C. */
  duration: number;
  /** How many people send them. */
  users: number;
}

export const LOAD_HELP = `npm run load [-- --rate 20 --duration 60 --users 20]

Realistic traffic through the gateway: people register, log in, pay, capture, cancel, refund, read the same payments and
profiles again and again, and now and then send something wrong.

  --rate      requests a second (default 20)
  --duration  seconds; 0 until Ctrl-C (default 60)
  --users     how many people send them (default 20); the gateway limits each to 600 requests a minute
  --url       the gateway (default API_GATEWAY_URL, else http://localhost:3000)

Exit status 1 when an answer was not the expected one.`;

/**
 * @returns undefined when help is asked for
 * @throws Error that names the option, its value and what is expected
 */
export function loadOptions(args: string[], environment: NodeJS.ProcessEnv): LoadOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { rate: text, duration: text, users: text, url: text, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return undefined;
  const url = values.url ?? environment.API_GATEWAY_URL ?? 'http://localhost:3000';
  if (!URL.canParse(url))
    throw new Error(`--url is ${JSON.stringify(url)}: expected a URL such as http://localhost:3000`);
  return {
    url: url.replace(/\/$/, ''),
    rate: number('rate', values.rate ?? '20', { above: 0, most: 10_000 }),
    duration: number('duration', values.duration ?? '60', { above: -1, most: 7 * 24 * 3600 }),
    users: Math.floor(number('users', values.users ?? '20', { above: 0, most: 10_000 })),
  };
}

function number(name: string, text: string, { above, most }: { above: number; most: number }): number {
  const value = Number(text);
  if (text.trim() !== '' && value > above && value <= most && (name !== 'users' || Number.isInteger(value)))
    return value;
  const least = above < 0 ? 'from 0' : name === 'users' ? 'from 1' : 'above 0';
  throw new Error(`--${name} is ${JSON.stringify(text)}: expected a number ${least} to ${most}`);
}
