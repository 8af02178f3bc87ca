import path from 'node:path';
import { type Finding, good, note, wrong } from './findings.ts';
import type { Surroundings } from './run.ts';
import type { Service } from './service-files.ts';

const OLDEST_NODE = [20, 19] as const;

/** `-r`, `--require` and `--import` with what they load, of a command line. */
const PRELOADS = /(?:^|\s)(?<option>-r|--require|--import)[\s=]+(?<quote>["']?)(?<module>[^\s"']+)\k<quote>/g;

const OURS = /(?:^|[\\/])otel[\\/]register(?:\.js)?$|(?:^|[\\/])otel-register(?:[\\/]register(?:\.js)?)?$/;

/** What loads no library that is measured, so that it may come first. */
const HARMLESS = /^(?:dotenv|source-map-support|ts-node|tsx|tsconfig-paths|@swc-node|esbuild-register)(?:\/|$)/;

/** Node.js, the agent's own file, and how the service is started with it. */
export function startFindings(service: Service, { env, agent }: Surroundings): Finding[] {
  return [
    nodeFinding(),
    good(`the agent is ${agent}`),
    mainFinding(service, agent),
    ...commandFindings(service, env, agent),
  ];
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  const text = `Node.js ${process.versions.node}`;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return good(text);
  return wrong(`${text} is too old`, `use Node.js ${OLDEST_NODE.join('.')} or newer`);
}

function mainFinding({ main, folder, isModule }: Service, agent: string): Finding {
  if (main === undefined) {
    const command = isPackage(agent) ? 'npx otel-register' : 'node otel/register';
    const mend = `name it: ${command} --doctor dist/main.js`;
    return note(`the main file is not known in ${folder}`, { mend });
  }
  return good(`the main file is ${path.relative(folder, main)}, ${isModule ? 'an ES module' : 'CommonJS'}`);
}

function commandFindings({ manifest, main, folder }: Service, env: NodeJS.ProcessEnv, agent: string): Finding[] {
  const scripts = Object.entries(manifest?.scripts ?? {}).map(([name, text]) => ({ where: `script ${name}`, text }));
  const commands = [{ where: 'NODE_OPTIONS', text: env.NODE_OPTIONS ?? '' }, ...scripts]
    .map(({ where, text }) => ({ where, preloads: preloadsIn(text) }))
    .filter(({ preloads }) => preloads.some((module) => OURS.test(module)));
  if (commands.length === 0) {
    const program = main === undefined ? 'dist/main.js' : path.relative(folder, main);
    return [
      note(`NODE_OPTIONS and the scripts of package.json do not load it`, {
        mend: `start with: node -r ${nameOf(agent)} ${program}`,
      }),
    ];
  }
  return commands.map(({ where, preloads }) => {
    const before = preloads.slice(
      0,
      preloads.findIndex((module) => OURS.test(module)),
    );
    const early = before.filter((module) => !HARMLESS.test(module));
    if (early.length === 0) return good(`${where} loads it`);
    return wrong(
      `${where} loads ${early.join(', ')} before the agent: libraries that it loads may go unmeasured`,
      'put -r otel/register first; all of -r are loaded before --import',
    );
  });
}

/** In the order of loading. */
function preloadsIn(text: string): string[] {
  const found = Array.from(text.matchAll(PRELOADS), ({ groups }) => groups as { option: string; module: string });
  const isImport = ({ option }: { option: string }) => option === '--import';
  return [...found.filter((one) => !isImport(one)), ...found.filter(isImport)].map(({ module }) => module);
}

/** How a command line names the agent. */
function nameOf(agent: string): string {
  return isPackage(agent) ? 'otel-register' : './otel/register';
}

function isPackage(agent: string): boolean {
  return path.basename(path.resolve(agent, '..', '..', '..')) === 'node_modules';
}
