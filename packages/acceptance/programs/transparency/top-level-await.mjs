// An await that never settles: the event loop drains, and Node says so.
process.on('exit', (code) => console.log('exit', code));
await new Promise(() => {});
