import type { Cache, Database } from '@payments/service-kit';
import type { PreferencesChange } from './input.ts';

export interface Preferences {
  language: string;
  currency: string;
  newsletter: boolean;
  /** `null` until the user has changed one. From the cache it is the date's ISO 8601 form; as JSON both are the same. */
  updatedAt: Date | string | null;
}

const defaults = { language: 'en', currency: 'EUR', newsletter: false };
const columns = 'language, currency, newsletter, updated_at AS "updatedAt"';
const cacheSeconds = 300;
const keyOf = (userId: string) => `preferences:${userId}`;

export class PreferencesStore {
  readonly #database: Database;
  readonly #cache: Cache;

  constructor(database: Database, cache: Cache) {
    this.#database = database;
    this.#cache = cache;
  }

  of(userId: string): Promise<Preferences> {
    return this.#cache.readThrough(keyOf(userId), cacheSeconds, async () => {
      const sql = `SELECT ${columns} FROM preferences WHERE user_id = $1`;
      const [preferences] = await this.#database.query<Preferences>(sql, [userId]);
      return preferences ?? { ...defaults, updatedAt: null };
    });
  }

  async change(userId: string, change: PreferencesChange): Promise<Preferences> {
    const first = { ...defaults, ...change };
    const [preferences] = await this.#database.query<Preferences>(
      `INSERT INTO preferences (user_id, language, currency, newsletter) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id) DO UPDATE SET
         language = coalesce($5, preferences.language),
         currency = coalesce($6, preferences.currency),
         newsletter = coalesce($7, preferences.newsletter),
         updated_at = now()
       RETURNING ${columns}`,
      [userId, first.language, first.currency, first.newsletter, change.language, change.currency, change.newsletter],
    );
    await this.#cache.invalidate(keyOf(userId));
    return preferences as Preferences;
  }
}
