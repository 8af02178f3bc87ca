// Writes dashboards/*.json for Grafana from what is in source: npm run dashboards.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dashboards } from './source/dashboards.ts';

const folder = path.join(__dirname, 'dashboards');

/** The files by their names. */
export function dashboardFiles(): Map<string, string> {
  return new Map(
    Object.entries(dashboards).map(([name, model]) => [`${name}.json`, `${JSON.stringify(model, undefined, 2)}\n`]),
  );
}

if (require.main === module) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of dashboardFiles()) writeFileSync(path.join(folder, name), text);
}
