import { existsSync, rmSync } from 'node:fs';
import { dataDir, runningPid } from './running.mjs';

const pid = runningPid();
if (pid !== undefined) {
  console.error(`The system is running (npm start, process ${pid}): stop it with Ctrl-C first. Nothing was removed.`);
  process.exit(1);
}
const hadData = existsSync(dataDir);
rmSync(dataDir, { recursive: true, force: true });
console.log(hadData ? 'Removed .data: databases, logs and generated secrets.' : 'There was no data to remove.');
