import type childProcess from 'node:child_process';
import type dgram from 'node:dgram';
import type dns from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type fs from 'node:fs';
import { isIP, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { canRunPrograms, ownProcess } from './own-process.ts';

/** Milliseconds in which a name server that is there has answered. */
const PATIENCE = 500;

/** What a name server is asked for, by its numbers: addresses of IPv4 and of IPv6 (RFC 1035 and RFC 3596). */
const TYPES = [1, 28];

/** Looks a name up, and ends with who started it, whatever holds it up. */
const PROGRAM = `
  process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();
  const [name, options] = JSON.parse(process.argv[1]);
  require('node:dns').lookup(name, options, (error, addresses) => {
    const failure = error && { ...error, message: error.message };
    process.stdout.write(JSON.stringify({ failure, addresses }), () => process.exit());
  });`;

/** Look-ups that are under way, by what is asked. */
const underWay = new Map<string, Promise<LookupAddress[]>>();

/**
 * Looks a name up as `dns.lookup` does, for connections of the agent, but never holds up the end of the process. That of Node.js waits
 * for as long as a name server does not answer, in a thread that keeps the process alive and that its exit waits for as well. So it
 * is left to another process unless the name server has just answered the same question.
 */
export const lookUp: LookupFunction = (name, options, callback) => {
  addressesOf(name, options).then(
    (addresses) => {
      const [{ address, family } = { address: '', family: 0 }] = addresses;
      if (options.all) callback(null, addresses);
      else callback(null, address, family);
    },
    (error) => callback(error, ''),
  );
};

/** All addresses of a name, in the order in which they are to be tried. */
export function addressesOf(name: string, options: LookupOptions = {}): Promise<LookupAddress[]> {
  const question = JSON.stringify([name, { ...options, all: true }]);
  let addresses = underWay.get(question);
  if (addresses === undefined) {
    addresses = lookUpOnce(name, { ...options, all: true }, question).finally(() => underWay.delete(question));
    underWay.set(question, addresses);
  }
  return addresses;
}

async function lookUpOnce(name: string, options: LookupOptions & { all: true }, question: string) {
  if (!(await isInFile(name)) && !(await isAnswered(name))) return lookUpElsewhere(question);
  const { promises }: typeof dns = require('node:dns');
  return promises.lookup(name, options);
}

/** Whether the system knows the name before it asks a name server. */
async function isInFile(name: string): Promise<boolean> {
  if (name === 'localhost') return true;
  const { promises }: typeof fs = require('node:fs');
  const text = await promises.readFile('/etc/hosts', 'utf8').catch(() => '');
  const namesIn = (line: string) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1);
  return text.split('\n').some((line) => namesIn(line).includes(name));
}

/** Whether the name server that the system asks first answers what it will be asked, or it is seen at once that there is none. */
async function isAnswered(name: string): Promise<boolean> {
  const { Resolver }: typeof dns = require('node:dns');
  const { createSocket }: typeof dgram = require('node:dgram');
  // A new one has those of the system as they are now.
  const [server = '', ...others] = new Resolver().getServers();
  if (isIP(server) === 0) return false;
  const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4').unref();
  const unanswered = new Set(TYPES);
  try {
    return await new Promise<boolean>((resolve) => {
      setTimeout(resolve, PATIENCE, false).unref();
      // Nobody is there: the system goes on to the next one as soon.
      socket.on('error', () => resolve(others.length === 0));
      socket.on('message', ([, type = 0]) => {
        unanswered.delete(type);
        if (unanswered.size === 0) resolve(true);
      });
      socket.on('connect', () => {
        for (const type of TYPES) socket.send(queryFor(name, type));
      });
      socket.connect(53, server);
    });
  } finally {
    socket.close();
  }
}

/** A question for a name server (RFC 1035, section 4.1), whose identifier is the type that is asked for. */
function queryFor(name: string, type: number): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const text = labels.map((label) => String.fromCharCode(label.length) + label).join('');
  return Buffer.concat([
    Buffer.from([0, type, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    Buffer.from(text, 'latin1'),
    Buffer.from([0, 0, type, 0, 1]),
  ]);
}

async function lookUpElsewhere(question: string): Promise<LookupAddress[]> {
  if (!canRunPrograms()) throw Object.assign(new Error('the name server does not answer'), { code: 'EAI_AGAIN' });
  const { execFile }: typeof childProcess = require('node:child_process');
  const answer = await new Promise<string>((resolve, reject) => {
    const child = execFile(process.execPath, ['-e', PROGRAM, question], ownProcess(), (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
    child.unref();
    for (const pipe of child.stdio) (pipe as Socket | null)?.unref();
  });
  const { failure, addresses } = JSON.parse(answer);
  if (failure) throw Object.assign(new Error(failure.message), failure);
  return addresses;
}
