import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@payments/local-stack';

const MODELS = `
model Person {
  id      Int      @id @default(autoincrement())
  email   String   @unique
  name    String?
  letters Letter[]
}
model Letter {
  id     Int    @id @default(autoincrement())
  from   Person @relation(fields: [fromId], references: [id])
  fromId Int
}
`;

/** Each major version: where it is, what its schema says of client and database, and how its client is required. */
const MAJORS = {
  5: {
    libraries: 'prisma-5',
    generator: 'previewFeatures = ["driverAdapters"]',
    url: 'url = env("DATABASE_URL")',
    client: '@prisma/client/wasm',
  },
  6: {
    libraries: 'prisma-6',
    generator: 'output = "./client"\n engineType = "client"',
    url: 'url = env("DATABASE_URL")',
    client: './client',
  },
  7: { libraries: 'current', generator: 'output = "./client"', url: '', client: './client' },
} as const;

export type PrismaMajor = keyof typeof MAJORS;

/**
 * Generates a client of Prisma in an empty folder.
 *
 * @returns the environment for the program that uses it
 */
export async function generatePrismaClient(major: PrismaMajor, folder: string): Promise<Record<string, string>> {
  const { libraries, generator, url, client } = MAJORS[major];
  const modules = join(repositoryRoot, 'packages/acceptance/libraries', libraries, 'node_modules');
  mkdirSync(folder, { recursive: true });
  // Version 5 puts its client beside its own package, where only this test is to find it.
  if (major === 5) cpSync(modules, join(folder, 'node_modules'), { recursive: true });
  else symlinkSync(modules, join(folder, 'node_modules'));
  const schema = `
generator client {
 provider = "prisma-client-js"
 ${generator}
}
datasource db {
 provider = "postgresql"
 ${url}
}
${MODELS}`;
  writeFileSync(join(folder, 'schema.prisma'), schema);
  // Prisma looks for engines that it would have to download, and generates without asking them for anything.
  const engine = join(folder, 'no-engine');
  writeFileSync(engine, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await promisify(execFile)(
    process.execPath,
    ['node_modules/prisma/build/index.js', 'generate', '--schema=schema.prisma'],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        PRISMA_SCHEMA_ENGINE_BINARY: engine,
        PRISMA_QUERY_ENGINE_LIBRARY: engine,
      },
    },
  );
  if (major === 5) loadEngineInNode(join(folder, 'node_modules/.prisma/client'));
  return { FOLDER: folder, CLIENT: client, MAJOR: String(major) };
}

/** The engine in WebAssembly is made for hosts that import it as a module, as Node.js does not. */
function loadEngineInNode(client: string): void {
  const loader = join(client, 'wasm-worker-loader.mjs');
  const engine = readFileSync(loader, 'utf8').match(/import\('(.*)'\)/)?.[1];
  rmSync(loader);
  writeFileSync(
    loader,
    `import { readFileSync } from 'node:fs';
const bytes = readFileSync(new URL('${engine}', import.meta.url));
export default Promise.resolve({ default: new WebAssembly.Module(bytes) });
`,
  );
}
