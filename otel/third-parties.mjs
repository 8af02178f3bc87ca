// What the bundles are made of beside the agent's own code: the packages, their licences, and both as a bill of materials.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, version: string, license: string, sha512: string, texts: string[] }} Bundled */

const root = join(import.meta.dirname, '..');

/**
 * The packages of which there is code in the bundles, by name and version.
 *
 * @param {import('esbuild').BuildResult[]} results with their metafiles
 * @returns {Bundled[]}
 */
export function bundledPackages(results) {
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const inputs = results.flatMap(({ metafile }) =>
    Object.values(metafile?.outputs ?? {}).flatMap((output) =>
      Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
    ),
  );
  const folders = new Set(
    inputs.flatMap(
      ([file]) => /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
    ),
  );
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const integrity = locked[folder].integrity.replace(/^sha512-/, '');
    const texts = licenseFilesOf(join(root, folder)).map((file) =>
      readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim(),
    );
    return { name, version, license, sha512: Buffer.from(integrity, 'base64').toString('hex'), texts };
  });
}

/** Of a package, also of code of others that it holds. @param {string} folder @returns {string[]} */
function licenseFilesOf(folder) {
  const found = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!/^(?:licen[cs]e|copying|notice)/i.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory()
      ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((file) => join(path, file))
      : [path];
  });
  return found.filter((file) => statSync(file).isFile()).sort();
}

/**
 * Each package with its licence, and each text of a licence once, with those that have it.
 *
 * @param {{ name: string }} manifest
 * @param {Bundled[]} packages
 */
export function licenses({ name }, packages) {
  /** @type {Map<string, string[]>} */
  const byText = new Map();
  for (const bundled of packages)
    for (const text of bundled.texts) byText.set(text, [...(byText.get(text) ?? []), titleOf(bundled)]);
  const line = '-'.repeat(80);
  return `${name} contains code of these packages:

${packages.map((bundled) => `${titleOf(bundled)}: ${bundled.license}`).join('\n')}

${Array.from(byText, ([text, titles]) => `${line}\n${titles.join('\n')}\n${line}\n\n${text}\n`).join('\n')}`;
}

/**
 * The same as a CycloneDX bill of materials. It has no date and no serial number, so that it is the same for the same code.
 *
 * @param {{ name: string, version: string, license: string }} manifest
 * @param {Bundled[]} packages
 */
export function billOfMaterials(manifest, packages) {
  const ref = purlOf(manifest);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: componentOf(manifest) },
    components: packages.map((bundled) => ({
      ...componentOf(bundled),
      hashes: [{ alg: 'SHA-512', content: bundled.sha512 }],
    })),
    dependencies: [{ ref, dependsOn: packages.map(purlOf) }],
  };
}

/** @param {{ name: string, version: string, license: string }} manifest */
function componentOf(manifest) {
  const { name, version, license } = manifest;
  const purl = purlOf(manifest);
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses: [{ expression: license }] };
}

/** As the package-url specification writes npm packages. @param {{ name: string, version: string }} manifest */
function purlOf({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** @param {{ name: string, version: string }} bundled */
function titleOf({ name, version }) {
  return `${name} ${version}`;
}
