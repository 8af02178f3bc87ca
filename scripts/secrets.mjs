import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The secrets of this machine's system, made at the first start and kept.
 *
 * @param {string} folder
 * @returns {{ jwtSecret: string, admin: { email: string, password: string } }}
 */
export function secretsIn(folder) {
  const file = join(folder, 'secrets.json');
  if (!existsSync(file)) {
    const secret = (/** @type {number} */ bytes) => randomBytes(bytes).toString('base64url');
    const secrets = { jwtSecret: secret(36), admin: { email: 'admin@example.com', password: secret(12) } };
    writeFileSync(file, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}
