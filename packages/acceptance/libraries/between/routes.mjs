import { listening } from '../../programs/routes/listening.cjs';

// As programs/routes.cjs, with the libraries imported: node routes.mjs <framework> [variant].
const [framework, variant] = process.argv.slice(2);
const { default: start } = await import(`../../programs/routes/${framework}.cjs`);
await listening(start, (name) => import(name), variant);
