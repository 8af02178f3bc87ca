import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '../settings.ts';
import { type Finding, good, wrong } from './findings.ts';

const CERTIFICATE = 'OTEL_EXPORTER_PROMETHEUS_TLS_CERTIFICATE_FILE';
const KEY = 'OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE';

/** What is to be said of the certificate of /metrics, if it is to have one. */
export function certificateFindings({ [CERTIFICATE]: certificate, [KEY]: key }: Config): Finding[] {
  if (certificate === '' && key === '') return [];
  if (certificate === '' || key === '')
    return [
      wrong('there is no page: a certificate needs a key, and a key a certificate', `set ${CERTIFICATE} and ${KEY}`),
    ];
  try {
    const cert = readFileSync(certificate);
    createSecureContext({ cert, key: readFileSync(key) });
    const { validTo } = new X509Certificate(cert);
    if (Date.parse(validTo) < Date.now()) return [wrong(`the certificate has expired: ${validTo}`, 'renew it')];
    return [good(`the certificate is valid until ${validTo}`)];
  } catch (error) {
    return [
      wrong(
        `there is no page: the certificate cannot be used: ${(error as Error).message}`,
        `mend the files that ${CERTIFICATE} and ${KEY} name`,
      ),
    ];
  }
}
