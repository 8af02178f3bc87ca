import { z } from 'zod';

const secretName = /SECRET|PASSWORD|TOKEN|KEY|^(DATABASE|REDIS|AMQP)_URL$/;

/**
 * Reads the environment once. A bad or missing variable ends the process with exit code 1, after one line per variable
 * on stderr that names it, its value (never a secret's) and what was expected. An empty variable counts as missing.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<S> {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;

  const messages = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0]);
    if (!messages.has(name)) messages.set(name, issue.message);
  }
  for (const [name, expected] of messages) {
    process.stderr.write(`${name} ${shownValue(name, present[name])}: ${expected}; the service does not start\n`);
  }
  process.exit(1);
}

function shownValue(name: string, value: string | undefined): string {
  if (value === undefined) return 'is not set';
  return secretName.test(name) ? 'has a bad value (not shown)' : `is ${JSON.stringify(value)}`;
}

/** A whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z
    .string({ error })
    .regex(/^\d+$/, { error })
    .transform(Number)
    .pipe(z.number().min(min, { error }).max(max, { error }));
}

/** A URL of one of the given protocols, such as `http`. */
export function url(...protocols: string[]) {
  const error = `expected a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`;
  return z.url({ protocol: new RegExp(`^(${protocols.join('|')})$`), error });
}

const secretError = 'expected a secret of at least 32 characters';
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What every service reads: PORT, JWT_SECRET, LOG_LEVEL. Spread it into a `z.object`. */
export const commonEnvironment = (defaultPort: number) => ({
  PORT: wholeNumber(0, 65_535).default(defaultPort),
  JWT_SECRET: z.string({ error: secretError }).min(32, { error: secretError }),
  LOG_LEVEL: z.enum(logLevels, { error: `expected one of ${logLevels.join(', ')}` }).default('info'),
});

export const databaseEnvironment = { DATABASE_URL: url('postgres', 'postgresql') };
export const redisEnvironment = { REDIS_URL: url('redis', 'rediss') };
export const busEnvironment = { AMQP_URL: url('amqp', 'amqps').optional() };
