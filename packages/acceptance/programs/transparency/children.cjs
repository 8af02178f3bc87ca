'use strict';
// Child processes: what they are started with, their messages, their output and how they end.
const { fork, execFile, exec, spawnSync, execFileSync } = require('node:child_process');
const { once } = require('node:events');

const withoutStartLine = (text) => text.replaceAll(/^otel: metrics of .*\n/gm, '');
if (process.argv[2] === 'child') {
  process.on('message', (message) => {
    process.send({ got: message, listeners: process.listenerCount('message'), connected: process.connected });
    if (message === 'go') process.disconnect();
  });
  process.on('disconnect', () => console.log('disconnected', process.channel));
  process.send({ argv: process.argv.slice(2), more: process.env.MORE });
} else {
  (async () => {
    const child = fork(__filename, ['child'], { env: { ...process.env, MORE: 'more' }, silent: true });
    child.stdout.pipe(process.stdout);
    child.stderr.on('data', (data) => process.stdout.write(withoutStartLine(String(data))));
    child.on('message', (message) => console.log('message', message));
    await once(child, 'message');
    child.send('stay');
    child.send('go');
    console.log(await once(child, 'close'));
    const script = 'console.log(1); process.exitCode = 3';
    execFile(process.execPath, ['-e', script], (error, stdout, stderr) => {
      console.log(error.code, error.message.split('\n')[0].length, stdout, withoutStartLine(stderr));
      exec('echo out; echo err >&2; exit 4', (error, stdout, stderr) => {
        console.log(error.code, stdout, stderr);
        const { status, signal } = spawnSync(process.execPath, ['-e', 'process.kill(process.pid)']);
        console.log(status, signal, String(execFileSync('cat', { input: 'through' })));
        const one = spawnSync(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)'], { input: 'piped' });
        console.log(String(one.stdout), one.status);
        const closed = spawnSync(process.execPath, ['-e', '0'], { stdio: ['ignore', 'ignore', 'ignore'] });
        console.log(closed.status, spawnSync('no-such-command').error.code);
      });
    });
  })();
}
