// The same with ES modules.
await import('./steps/thrower.cjs').catch((error) => console.log(error.stack));
await import('./nothing-there.mjs').catch((error) => console.log(error.code, error.message, error.stack));
await import('no-such-package').catch((error) => console.log(error.code, error.message, error.stack));
await import('node:http').then(({ nothing }) => console.log(nothing));
