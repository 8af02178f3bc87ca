import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from './settings.ts';

/** What PM2 runs in place of the service's script, which it names in `pm_exec_path`. */
const OF_PM2 = /[\\/]pm2[\\/]lib[\\/]ProcessContainer\w*\.js$/;

/** The script that is the service. */
export function serviceScript(script: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return script !== undefined && OF_PM2.test(script) ? env.pm_exec_path : script;
}

/** OTEL_SERVICE_NAME before `service.name` of OTEL_RESOURCE_ATTRIBUTES, as the specification orders, before package.json. */
export function serviceNameOf(config: Config, script: string | undefined): string {
  return config.OTEL_SERVICE_NAME || config.OTEL_RESOURCE_ATTRIBUTES['service.name'] || defaultServiceName(script);
}

/**
 * The name in the package.json nearest to the script that is run, going up; a package.json without a name, such as one
 * that only says `"type"`, is passed over. A script in node_modules is run for the package that it is installed in, if there is
 * one. Without any, the specification's `unknown_service:node`.
 */
export function defaultServiceName(script: string | undefined): string {
  const folder = script ? path.dirname(script) : process.cwd();
  const [installedIn = folder] = folder.split(/[\\/]node_modules(?:[\\/]|$)/);
  return nameAbove(installedIn) ?? nameAbove(folder) ?? 'unknown_service:node';
}

function nameAbove(start: string): string | undefined {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const name = packageName(path.join(folder, 'package.json'));
    if (name || folder === path.dirname(folder)) return name;
  }
}

function packageName(file: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
