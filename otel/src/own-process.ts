import type { CommonSpawnOptions } from 'node:child_process';
import { createRequire, isBuiltin } from 'node:module';
import { processEnvironment } from './process-environment.ts';

/** Whether {@link process.execPath} is a Node.js that runs what it is given, and not the service with its Node.js in one (`node:sea`). */
export function canRunPrograms(): boolean {
  return !(isBuiltin('node:sea') && (process.getBuiltinModule('node:sea') as { isSea(): boolean }).isSea());
}

/** How a program of the agent is run in a process of its own: without the agent, whatever brought it in here. */
export function ownProcess() {
  return {
    env: { ...processEnvironment(), NODE_OPTIONS: '', OTEL_SDK_DISABLED: 'true', ELECTRON_RUN_AS_NODE: '1' },
    windowsHide: true,
  } satisfies CommonSpawnOptions;
}

/** The options of Node.js that such a program needs to find the agent's file: Yarn's Plug'n'Play keeps packages in archives. */
export function ownOptions(): string[] {
  return 'pnp' in process.versions ? ['-r', createRequire(__filename).resolve('pnpapi')] : [];
}
