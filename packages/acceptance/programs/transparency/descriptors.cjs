'use strict';
// Files and descriptors: the standard ones, and that what is closed stays closed.
const fs = require('node:fs');

const kind = (fd) => ['isFile', 'isFIFO', 'isSocket', 'isCharacterDevice'].filter((test) => fs.fstatSync(fd)[test]());
for (const fd of [0, 1, 2]) console.log(fd, kind(fd));
const opened = fs.openSync(__filename);
console.log(opened > 2, kind(opened), fs.readSync(opened, Buffer.alloc(10)));
fs.closeSync(opened);
try {
  fs.fstatSync(opened);
} catch ({ code }) {
  console.log(code);
}
(async () => {
  await new Promise((resolve) => process.stdin.on('data', () => {}).on('end', resolve));
  console.log('end of the input', (await fs.promises.readdir(__dirname, { withFileTypes: true })).length > 10);
  await fs.promises.readFile('/no/such/file').catch((error) => console.log(error.code, error.stack));
})();
process.on('exit', () => fs.writeSync(1, 'written at the exit\n'));
