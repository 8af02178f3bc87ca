import { runningSystem } from './running.mjs';
import { fail, setUp } from './set-up.mjs';

try {
  await setUp('--filter=@payments/local-stack');
  const { runLoad } = await import('@payments/local-stack');
  process.exitCode = await runLoad(process.argv.slice(2), process.env, runningSystem());
} catch (error) {
  fail(error);
}
