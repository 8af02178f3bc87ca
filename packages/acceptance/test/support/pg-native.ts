import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureCommand, repositoryRoot } from '@payments/local-stack';

const LIBPQ = join(repositoryRoot, 'packages/acceptance/libraries/native/node_modules/libpq');

/**
 * Builds what pg-native needs, once, where the machine has or can get the headers of libpq.
 *
 * @returns why it cannot be had, or false when it is there
 */
export async function whyNoPgNative(): Promise<string | false> {
  if (process.env.NODE_UNDER_TEST) return 'pg-native is built for the Node.js that runs the tests';
  const built = join(LIBPQ, 'build');
  if (existsSync(built)) return false;
  try {
    await ensureCommand('pg_config', 'libpq-dev');
  } catch (error) {
    return (error as Error).message;
  }
  // Beside its place, and then renamed: another run may be doing the same.
  const copy = mkdtempSync(join(LIBPQ, '..', '.libpq-'));
  try {
    cpSync(LIBPQ, copy, { recursive: true });
    await promisify(execFile)('npm', ['run', 'pretest', '--loglevel=error'], { cwd: copy });
    renameSync(join(copy, 'build'), built);
  } catch (error) {
    if (!existsSync(built)) return `pg-native cannot be built here: ${(error as Error).message.split('\n')[0]}`;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return false;
}
