import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCommand } from '@payments/local-stack';

/** The files of a certificate for localhost and 127.0.0.1, which is its own authority. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a new certificate where there may be an old one: first its files, then each in one step in the place of the old one. */
export async function makeCertificate(folder: string, name: string): Promise<CertificateFiles> {
  const openssl = await ensureCommand('openssl', 'openssl');
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const fresh = { certificate: `${files.certificate}.new`, key: `${files.key}.new` };
  execFileSync(
    openssl,
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', fresh.key, '-out', fresh.certificate],
    ],
    { stdio: 'ignore' },
  );
  for (const file of ['key', 'certificate'] as const) renameSync(fresh[file], files[file]);
  return files;
}
