import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The name in the package.json nearest to the script that is run, going up; a package.json without a name, such as one
 * that only says `"type"`, is passed over. Without any, the specification's `unknown_service:node`.
 */
export function defaultServiceName(script: string | undefined): string {
  let folder = script ? path.dirname(script) : process.cwd();
  for (;;) {
    const name = packageName(path.join(folder, 'package.json'));
    if (name) return name;
    const parent = path.dirname(folder);
    if (parent === folder) return 'unknown_service:node';
    folder = parent;
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
