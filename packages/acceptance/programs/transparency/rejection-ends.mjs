// A rejection that nobody handles ends the process.
process.on('exit', (code) => console.log('exit', code));
setTimeout(async () => {
  await null;
  throw new Error('nobody handles it');
}, 5);
