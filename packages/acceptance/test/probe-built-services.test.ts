import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { requestCounts } from './support/metrics-page.ts';
import { startProgram } from './support/program.ts';

const libraries = resolve(import.meta.dirname, '../libraries/current');
const esbuild = createRequire(join(libraries, 'index.js'))('esbuild');
const typescript = createRequire(join(libraries, '../starters/index.js'))('typescript');

const SERVICE = `
  import express from 'express';
  import { fastify } from 'fastify';
  const parts = fastify();
  parts.get('/parts/:id', async () => 'ok');
  const app = express();
  app.get('/users/:id', (_, response) => response.send('ok'));
  app.get('/asks', async (_, response) => {
    const answers = await Promise.all([url + '/users/7', partsUrl + '/parts/7'].map((each) => fetch(each)));
    response.send((await Promise.all(answers.map((answer) => answer.text()))).join());
  });
  let url: string;
  let partsUrl: string;
  const server = app.listen(0, '127.0.0.1', async () => {
    partsUrl = await parts.listen({ host: '127.0.0.1', port: 0 });
    url = 'http://127.0.0.1:' + (server.address() as { port: number }).port;
    console.log('listening on ' + url);
  });`;

/** ES modules that bundle CommonJS ones have no `require` unless they make one. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

let folder: string;
before(() => {
  // Where the packages are found that are left out of a bundle.
  folder = mkdtempSync(join(libraries, 'node_modules/.bundles-'));
  writeFileSync(join(folder, 'service.ts'), SERVICE);
});
after(() => rmSync(folder, { recursive: true }));

async function assertMeasured(t: TestContext, file: string, routes: Record<string, number>): Promise<void> {
  const service = await startProgram(file);
  t.after(() => service.stop());
  assert.equal(await (await fetch(`${service.url}/asks`)).text(), 'ok,ok');
  const page = await service.scrape();
  assert.deepEqual(requestCounts(page), routes);
  assert.deepEqual(page.values('http_client_request_duration_seconds_count', 'http_request_method'), { GET: 2 });
  await service.stop();
  assert.doesNotMatch(service.stderr(), /failed/);
}

const ALL_ROUTES = { 'GET /asks 200': 1, 'GET /users/:id 200': 1, 'GET /parts/:id 200': 1 };

for (const [format, extension, module] of [
  ['cjs', 'cjs', 'CommonJS'],
  ['esm', 'mjs', 'ESNext'],
] as const) {
  for (const packages of ['bundle', 'external'] as const) {
    const what = packages === 'bundle' ? 'with all of its packages' : 'without its packages';
    test(`a service that is bundled ${what} has its requests counted once (${format})`, async (t) => {
      const outfile = join(folder, `${packages}.${extension}`);
      const banner = format === 'esm' ? { js: REQUIRE } : {};
      const entryPoints = [join(folder, 'service.ts')];
      await esbuild.build({ entryPoints, outfile, format, packages, banner, bundle: true, platform: 'node' });
      // The router of Express is no module that could be patched then; Fastify tells of its routes itself.
      const routes = packages === 'bundle' ? { 'GET – 200': 2, 'GET /parts/:id 200': 1 } : ALL_ROUTES;
      await assertMeasured(t, outfile, routes);
    });
  }

  test(`a service in TypeScript that is compiled to ${module} is measured`, async (t) => {
    const file = join(folder, `compiled.${extension}`);
    const compilerOptions = { module: typescript.ModuleKind[module], target: 'es2022', esModuleInterop: true };
    writeFileSync(file, typescript.transpileModule(SERVICE, { compilerOptions }).outputText);
    await assertMeasured(t, file, ALL_ROUTES);
  });
}
