import { hash, type Options, verify } from '@node-rs/argon2';

// Argon2id (the library's default variant) with what OWASP asks for at least: 19 MiB, two passes, one lane.
const cost: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

const nobodysHash = hashPassword('nobody has this password');

/** Whether the password is the one that was hashed. Without a hash it takes as long and is always false. */
export async function isPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await nobodysHash), password);
  return matches && passwordHash !== undefined;
}
