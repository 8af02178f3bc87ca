import { fail, setUp } from './set-up.mjs';

try {
  await setUp('--filter=@otel-register/bench');
  const { runBench } = await import('@otel-register/bench');
  await runBench(process.argv.slice(2));
} catch (error) {
  fail(error);
}
