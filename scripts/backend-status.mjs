import { fail, setUp } from './set-up.mjs';

try {
  await setUp('--filter=@payments/local-stack');
  const { runBackendStatus } = await import('@payments/local-stack');
  process.exitCode = await runBackendStatus(process.argv.slice(2), process.env);
} catch (error) {
  fail(error);
}
