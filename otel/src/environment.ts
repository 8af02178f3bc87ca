import { type Config, SETTINGS, type Setting, type SettingName } from './settings.ts';

/**
 * Reads the table of settings from an environment. An empty variable counts as unset (OpenTelemetry specification,
 * "Environment variable specification"); a bad value is told to `warn` and the default is used. Never throws.
 */
export function readConfig(env: NodeJS.ProcessEnv, warn: (message: string) => void): Config {
  const entries = Object.keys(SETTINGS).map((name) => [name, read(name as SettingName, env[name]?.trim(), warn)]);
  return Object.freeze(Object.fromEntries(entries)) as Config;
}

/** Whether a variable limits what spans tell (specification, "Attribute limits" and "Span limits"); the SDK reads them itself. */
export function hasSpanLimits(env: NodeJS.ProcessEnv): boolean {
  return Object.keys(env).some((name) => /^OTEL_(?:ATTRIBUTE|SPAN|EVENT|LINK)_\w+_LIMIT$/.test(name));
}

function read(name: SettingName, text: string | undefined, warn: (message: string) => void): unknown {
  const setting: Setting<unknown> = SETTINGS[name];
  if (text === undefined || text === '') return setting.fallback;
  const value = setting.parse(text);
  if (value !== undefined) return value;
  const good = setting.goodPart?.(text);
  const instead =
    good === undefined
      ? (setting.instead ?? { value: setting.fallback, text: fallbackText(setting) })
      : { value: good, text: String(good) };
  warn(`${name}=${JSON.stringify(shortened(text))} is not ${setting.expected}; using ${instead.text} instead`);
  return instead.value;
}

/** The fallback as the README and messages say it. */
export function fallbackText({ fallback, fallbackText }: Setting<unknown>): string {
  return fallbackText ?? String(fallback);
}

/** A value that fits on a line: what was meant is seen in its beginning. */
function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
