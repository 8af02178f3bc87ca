import type { Cache, Database } from '@payments/service-kit';
import type { NewProfile } from './input.ts';

export interface Profile {
  userId: string;
  /** `null`, like the rest, until the user has saved a profile. */
  displayName: string | null;
  phone: string | null;
  address: string | null;
  /** From the cache it is the date's ISO 8601 form; as JSON both are the same. */
  updatedAt: Date | string | null;
}

const columns = 'user_id AS "userId", display_name AS "displayName", phone, address, updated_at AS "updatedAt"';
const cacheSeconds = 300;
const keyOf = (userId: string) => `profile:${userId}`;

export class ProfileStore {
  readonly #database: Database;
  readonly #cache: Cache;

  constructor(database: Database, cache: Cache) {
    this.#database = database;
    this.#cache = cache;
  }

  of(userId: string): Promise<Profile> {
    return this.#cache.readThrough(keyOf(userId), cacheSeconds, async () => {
      const sql = `SELECT ${columns} FROM profiles WHERE user_id = $1`;
      const [profile] = await this.#database.query<Profile>(sql, [userId]);
      return profile ?? { userId, displayName: null, phone: null, address: null, updatedAt: null };
    });
  }

  async put(userId: string, { displayName, phone, address }: NewProfile): Promise<Profile> {
    const [profile] = await this.#database.query<Profile>(
      `INSERT INTO profiles (user_id, display_name, phone, address) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id) DO UPDATE SET display_name = $2, phone = $3, address = $4, updated_at = now()
       RETURNING ${columns}`,
      [userId, displayName, phone, address],
    );
    await this.#cache.invalidate(keyOf(userId));
    return profile as Profile;
  }
}
