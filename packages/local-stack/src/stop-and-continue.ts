// A program of stopped-process.ts: stops the process of the first argument until stdin ends, or for so many seconds as the
// second says.
const [pid, seconds] = process.argv.slice(2).map(Number) as [number, number];

try {
  process.kill(pid, 'SIGSTOP');
} catch (error) {
  process.stderr.write((error as Error).message);
  process.exit(1);
}
setTimeout(letGo, seconds * 1000);
process.stdin.on('end', letGo).resume();

function letGo(): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was ended meanwhile.
  }
  process.exit();
}
