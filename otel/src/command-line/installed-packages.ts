import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { foldersUpFrom, type Manifest, readManifest, type Service } from './service-files.ts';

/** A copy of a package that the service can load, itself or through others. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** The package that was found to ask for it; undefined for the service's own dependencies. */
  readonly through: string | undefined;
}

export interface Installed {
  readonly packages: readonly InstalledPackage[];
  /** Dependencies of the service that are not there. */
  readonly missing: readonly string[];
}

/**
 * What the service can load: its dependencies and theirs, each found as Node finds it, so that what a workspace has installed
 * for other services is not among them. Where package.json names no dependencies, all that lies in node_modules.
 */
export function installedPackages({ folder, manifest }: Service): Installed {
  const known = new Map<string, InstalledPackage>();
  const missing: string[] = [];
  const open: { name: string; from: string; through: string | undefined; isOptional: boolean }[] = [];
  const add = (from: string, needs: Manifest, through: string | undefined) => {
    const optional = Object.keys({ ...needs.optionalDependencies, ...needs.peerDependencies });
    for (const name of optional) open.push({ name, from, through, isOptional: true });
    for (const name of Object.keys(needs.dependencies ?? {}))
      if (!optional.includes(name)) open.push({ name, from, through, isOptional: false });
  };
  add(folder, manifest?.dependencies ? manifest : { dependencies: everythingIn(folder) }, undefined);
  for (let next = open.shift(); next; next = open.shift()) {
    const found = resolved(next.name, next.from);
    if (found === undefined) {
      if (next.through === undefined && !next.isOptional) missing.push(next.name);
      continue;
    }
    if (known.has(found)) continue;
    const needs = readManifest(found) ?? {};
    const { name = next.name, version = '' } = needs;
    known.set(found, { name, version, folder: found, through: next.through });
    add(found, needs, name);
  }
  return { packages: [...known.values()], missing };
}

/** The folder of a package, as Node looks for it from a folder. */
function resolved(name: string, from: string): string | undefined {
  for (const folder of foldersUpFrom(from)) {
    const candidate = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) return realpathSync(candidate);
  }
  return undefined;
}

function everythingIn(folder: string): Record<string, string> {
  const modules = path.join(folder, 'node_modules');
  const names = namesIn(modules).flatMap((name) =>
    name.startsWith('@') ? namesIn(path.join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  return Object.fromEntries(names.map((name) => [name, '']));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}
