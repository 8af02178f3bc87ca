import type { Server } from 'node:https';
import { ChangingFiles } from './changing-files.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The server's certificate, followed by those between it and the root. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * Gives a server its certificate from files. Returns what looks whether they have changed, once a second at most; connections
 * that are there go on with the old one.
 *
 * @returns a function that throws an Error, again while that lasts, when what is in the files cannot be used: the server keeps
 *   the certificate that it had
 */
export function certificateFromFiles(server: Server, { certificate, key }: TlsFiles): () => void {
  const files = new ChangingFiles([certificate, key]);
  let problem: Error | undefined;
  return () => {
    try {
      const contents = files.changed();
      if (contents) {
        server.setSecureContext({ cert: contents[0], key: contents[1] });
        problem = undefined;
      }
    } catch (error) {
      problem = new Error(`${certificate} and ${key} cannot be used: ${(error as Error).message}`);
    }
    if (problem) throw problem;
  };
}
