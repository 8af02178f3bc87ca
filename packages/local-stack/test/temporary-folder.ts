import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const base = mkdtempSync(join(tmpdir(), 'local-stack-test-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A folder that is removed when the test file has ended: after the servers that write to it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'data-'));
}
