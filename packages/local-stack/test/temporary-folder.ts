import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { throwAwayFolder } from '@payments/local-stack';

const base = throwAwayFolder();

/** A folder that is removed when the test file has ended: after the servers that write to it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base.path, 'data-'));
}
