import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { nodeUnderTest } from './program.ts';

/** Why programs cannot be given another name server here; false where they can. */
export const NO_NAME_SERVER =
  spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'mounting is for root, on Linux';

/** A name server of its own for programs of a test. */
export interface NameServer {
  /** Options of `startProgram` by which a program asks it, and reads names in a file before. */
  readonly asked: { node: string; nodeArguments: string[] };
  /** How often it was asked for a name. */
  questions(name: string): number;
}

/**
 * Starts one that answers every name with one address of IPv4, or never if there is none: the system gives up after minutes then.
 *
 * @param hosts what is in the file of names
 */
export async function startNameServer(t: TestContext, answer?: string, hosts = ''): Promise<NameServer> {
  const names: string[] = [];
  const socket = createSocket('udp4', (query, { port, address }) => {
    const end = query.indexOf(0, 12);
    names.push(nameIn(query.subarray(12, end)));
    if (answer !== undefined) socket.send(answerTo(query.subarray(0, end + 5), answer), port, address);
  });
  // The port is always the same, and runs side by side are to have their own.
  const host = `127.53.${randomInt(256)}.${randomInt(1, 255)}`;
  socket.bind(53, host);
  await once(socket, 'listening');
  t.after(() => socket.close());
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = { resolv: join(folder, 'resolv.conf'), hosts: join(folder, 'hosts') };
  writeFileSync(files.resolv, `nameserver ${host}\noptions timeout:30 attempts:5\n`);
  writeFileSync(files.hosts, `127.0.0.1 localhost\n${hosts}\n`);
  const mounted = `mount --bind ${files.resolv} /etc/resolv.conf && mount --bind ${files.hosts} /etc/hosts && exec "$@"`;
  return {
    asked: {
      node: 'unshare',
      nodeArguments: ['--mount', 'sh', '-c', mounted, 'sh', nodeUnderTest, '-r', './otel/register'],
    },
    questions: (asked) => names.filter((name) => name === asked).length,
  };
}

/** A name is its labels, each after its length. */
function nameIn(labels: Buffer): string {
  const parts: string[] = [];
  for (let at = 0; at < labels.length; at += 1 + (labels[at] ?? 0))
    parts.push(labels.toString('latin1', at + 1, at + 1 + (labels[at] ?? 0)));
  return parts.join('.');
}

/** What is said to a question for an address of IPv4, and that there is none for any other (RFC 1035, section 4.1). */
function answerTo(question: Buffer, address: string): Buffer {
  const isForIpv4 = question.readUInt16BE(question.length - 4) === 1;
  const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, isForIpv4 ? 1 : 0, 0, 0, 0, 0]);
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)];
  return Buffer.concat([head, question.subarray(12), Buffer.from(isForIpv4 ? record : [])]);
}
