import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { serviceNameOf } from '../service-name.ts';
import type { Config } from '../settings.ts';

/** What is read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly main?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The service that would be run in a folder. */
export interface Service {
  /** Where its package.json is; the working directory where there is none. */
  readonly folder: string;
  /** Undefined where there is none. */
  readonly manifest: Manifest | undefined;
  /** The main file, where it is known. */
  readonly main: string | undefined;
  /** Whether the main file is an ES module. */
  readonly isModule: boolean;
}

/** @param main the main file, as it is named on the command line; package.json's `main` unless given */
export function findService(workingDirectory: string, main?: string): Service {
  const start = main === undefined ? workingDirectory : path.dirname(path.resolve(workingDirectory, main));
  const folder = foldersUpFrom(start).find((one) => existsSync(path.join(one, 'package.json')));
  const manifest = folder === undefined ? undefined : readManifest(folder);
  const named = main === undefined ? manifest?.main : path.relative(folder ?? workingDirectory, path.resolve(main));
  const file = named === undefined ? undefined : path.join(folder ?? workingDirectory, named);
  return {
    folder: folder ?? workingDirectory,
    manifest,
    main: file !== undefined && existsSync(file) ? file : undefined,
    isModule: isModule(file, manifest),
  };
}

/** What the agent calls it. */
export function nameOf({ main, folder }: Service, config: Config): string {
  return serviceNameOf(config, main ?? path.join(folder, 'main.js'));
}

/** @returns undefined where there is none that can be read */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/** The packages whose code is in the main file: bundlers name their files there, unless they make it as small as can be. */
export function bundledPackages({ main }: Service): Set<string> {
  // It may be a folder, with an index.js.
  const text = main !== undefined && statSync(main).isFile() ? readFileSync(main, 'utf8') : '';
  const names = text.matchAll(/^\s*\/\/ (?:\S*\/)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm);
  return new Set(Array.from(names, ([, name = '']) => name));
}

/** A folder and those that it is in, from the inside out. */
export function foldersUpFrom(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersUpFrom(parent)];
}

function isModule(file: string | undefined, manifest: Manifest | undefined): boolean {
  const extension = file === undefined ? '' : path.extname(file);
  return extension === '.mjs' || (extension !== '.cjs' && manifest?.type === 'module');
}
