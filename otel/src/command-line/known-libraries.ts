import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import type { Instrumentation, InstrumentationBase } from '@opentelemetry/instrumentation';
import { CellRegistry } from '@otel-register/cells';
import { createProbes, LISTENED_TO, PROBE_NAMES, PROBES_WITH_SPANS } from '@otel-register/probes';
import satisfies from 'semver/functions/satisfies.js';
import { INSTRUMENTATION_NAMES } from '../instrumentation-names.ts';
import { createSpanInstrumentations } from '../traces.ts';
import type { InstalledPackage } from './installed-packages.ts';

/** A package that the agent watches, as one of its probes or of upstream's instrumentations knows it. */
interface KnownLibrary {
  readonly name: string;
  /** Semantic version ranges. */
  readonly versions: readonly string[];
  /** The probe or instrumentation, as OTEL_NODE_DISABLED_INSTRUMENTATIONS names it. */
  readonly by: string;
  readonly isMeasured: boolean;
  readonly hasSpans: boolean;
  /** Modules of it that are patched, in the versions of `versions`. */
  readonly files: readonly string[];
}

/** What becomes of an installed package. */
export interface Watched extends Pick<KnownLibrary, 'by' | 'isMeasured' | 'hasSpans'> {
  /** Modules that are patched; none where the package tells by itself. Undefined where the version is not known. */
  readonly files: readonly string[] | undefined;
  /** All versions that are known. */
  readonly versions: readonly string[];
}

/** Told of a package what watches it; undefined when nothing does. */
export function knownLibraries(): (installed: InstalledPackage) => Watched | undefined {
  const libraries = [...ofProbes(), ...ofUpstream()];
  return (installed) => {
    const ranges = libraries.filter(({ name }) => name === installed.name);
    // A name may stand for several designs: Express 5 has none of the files that are patched in Express 4.
    const candidates = ranges.filter((one) => one.files.length === 0 || one.files.some((file) => has(installed, file)));
    const [first] = candidates;
    if (first === undefined) return undefined;
    const { by, isMeasured, hasSpans } = first;
    const fitting = candidates.filter(({ versions }) => isIn(installed.version, versions));
    return {
      by,
      isMeasured,
      hasSpans,
      versions: [...new Set(ranges.flatMap(({ versions }) => versions))],
      files: fitting.length === 0 ? undefined : patchedFiles(installed, fitting),
    };
  };
}

function patchedFiles(installed: InstalledPackage, fitting: readonly KnownLibrary[]): string[] {
  const files = new Set(fitting.flatMap((one) => one.files.filter((file) => has(installed, file))));
  return Array.from(files, (file) => path.posix.relative(installed.name, file) || 'its main module');
}

function isIn(version: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => satisfies(version, range));
}

/** @param file begins with the package's name, and is that alone for its main module */
function has({ name, folder }: InstalledPackage, file: string): boolean {
  return file === name || existsSync(path.join(folder, path.posix.relative(name, file)));
}

function ofProbes(): KnownLibrary[] {
  const patched = PROBE_NAMES.flatMap((by) => {
    const kind = { by, isMeasured: true, hasSpans: PROBES_WITH_SPANS.includes(by) };
    const context = {
      cells: new CellRegistry({ scope: 'unread', cardinalityLimit: 1 }),
      ignores: () => false,
      isOwn: () => false,
      cacheNames: [],
      spans: false,
    };
    return createProbes(context, (name) => name === by).flatMap((probe) => patchesOf(probe, kind));
  });
  const told = Object.entries(LISTENED_TO).map(([name, versions]) => {
    const by = name as keyof typeof LISTENED_TO;
    return { name, by, versions, files: [], isMeasured: true, hasSpans: PROBES_WITH_SPANS.includes(by) };
  });
  return [...patched, ...told];
}

function ofUpstream(): KnownLibrary[] {
  const all = createSpanInstrumentations(() => true, INSTRUMENTATION_NAMES, true, PROBES_WITH_SPANS);
  return all.flatMap((instrumentation) => {
    // Some begin as soon as they are made.
    instrumentation.disable();
    const by = instrumentation.instrumentationName.replace('@opentelemetry/instrumentation-', '');
    return patchesOf(instrumentation, { by, isMeasured: false, hasSpans: true });
  });
}

function patchesOf(
  instrumentation: Instrumentation,
  kind: Pick<KnownLibrary, 'by' | 'isMeasured' | 'hasSpans'>,
): KnownLibrary[] {
  return (instrumentation as InstrumentationBase)
    .getModuleDefinitions()
    .filter(({ name }) => !isBuiltin(name) && !path.isAbsolute(name))
    .map(({ name, supportedVersions, files, patch }) => {
      const inner = new Set(files.map((file) => file.name));
      return { ...kind, name, versions: supportedVersions, files: [...(patch ? [name] : []), ...inner] };
    });
}
